# Outlay in a container: docker build -t outlay . ; compose.yaml runs it beside PostgreSQL.
FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /app

# Dependencies first, pinned by hash: a change of the code does not install them again.
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.txt

COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY core core
COPY migrations migrations
COPY sandbox sandbox
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
    && useradd --system --create-home --uid 10001 outlay \
    && install -d -o outlay -g outlay /data

USER outlay
WORKDIR /data
VOLUME /data
ENV OUTLAY_HOST=0.0.0.0 OUTLAY_PORT=8400 OUTLAY_DATABASE_URL=sqlite:////data/outlay.db
EXPOSE 8400
# Ready means that the books can be read.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$OUTLAY_PORT/readyz', timeout=4)"
# SIGTERM lets what runs finish; compose and Kubernetes send it, and wait.
STOPSIGNAL SIGTERM
ENTRYPOINT ["outlay"]
CMD ["run"]
