# Everything here needs Python 3.11 or newer and make; the rest is installed into .venv, pinned by hash.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8300
# More workers than the two cores the suite is built for: much of it waits for a sandbox, a database or a browser. Those files come first.
WORKERS ?= 3
# Whatever the shell says, compiled code is kept: three workers and some seventy processes read the same files.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help demo run test lint format bench gallery lock clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

demo: $(VENV)/.run ## try Outlay in a local workspace in the browser (PORT=8300)
	$(BIN)/outlay demo --port $(PORT) $(DEMO)

run: $(VENV)/.run ## run the bot in the Slack workspace named in .env
	$(BIN)/outlay run

test: $(VENV)/.dev ## run the tests, on SQLite and a real PostgreSQL (LONG=1: with those that take long, LONG=only: just those)
	$(PYTEST) $(if $(LONG),$(if $(filter only,$(LONG)),-m long),-m "not long") $(TESTS)

lint: $(VENV)/.dev ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## reformat the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## run the benchmarks; figures in benchmarks/RESULTS.md
	for one in ingest slash charts guard; do $(BIN)/python -m benchmarks.$$one || exit 1; done

gallery: $(VENV)/.dev ## take the pictures of docs/gallery anew (needs Chromium)
	$(BIN)/python -m tests.browser.gallery

lock: $(VENV)/.dev ## pin the dependencies anew
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --prerelease if-necessary-or-explicit --python-version 3.11 --generate-hashes --no-header --extra build pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --prerelease if-necessary-or-explicit --python-version 3.11 --generate-hashes --no-header --extra build --extra dev pyproject.toml -o requirements/dev.txt

clean: ## remove what was built; keeps databases
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Outlay needs Python 3.11 or newer; none was found. Set PYTHON=/path/to/python3."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
