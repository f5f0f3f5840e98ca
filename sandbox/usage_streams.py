"""What spends at the fictional company Acme: each workload's traffic, and strays that no workload's rules match.

The streams are invented, the pairing of a stream with a real series included; `sandbox/data/README.md` says what is
real. Scales are set so that the demo month costs about 49 000 USD at the list prices of autumn 2026.
"""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Traffic:
    """Requests: a real daily volume times `scale`, spread over the day by a real profile.

    `pivot` is the Monday of the real volume that opens the demo month. `delay_hours` moves the profile later, round
    the clock; a `profile` of None spreads the day over the hours 01 to 04 UTC.
    """

    volume: str
    pivot: date
    scale: float
    profile: str | None
    delay_hours: int = 0


@dataclass(frozen=True)
class Texts:
    """Tokens of a request: the real token shape `shape`, whose week `week` opens the demo month.

    `cached` names another shape to take the cached share of the input from; `input_scale` lengthens the input.
    """

    shape: str
    cached: str | None = None
    input_scale: float = 1.0
    week: int = 26


@dataclass(frozen=True)
class Serving:
    """How a model is used. The shares (0 to 1) are parts of the input (cache) or of the output (reasoning) tokens.

    `cache_read` None keeps the day's real cached share. `write_1h` is the part of the cache writes that is kept for
    an hour. `verbosity` multiplies the real output length.
    """

    provider: str
    model: str
    cache_read: float | None = 0.0
    cache_write: float = 0.0
    write_1h: float = 0.0
    reasoning: float = 0.0
    verbosity: float = 1.0


@dataclass(frozen=True)
class Line:
    """`share` (0 to 1) of a stream's requests: those with the same tags, served the same way."""

    serving: Serving
    share: float
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    name: str
    traffic: Traffic
    texts: Texts
    lines: tuple[Line, ...]


def tags(feature: str, team: str, customer: str, environment: str = "production") -> dict[str, str]:
    return {"feature": feature, "team": team, "environment": environment, "customer": customer}


ANSWER = Serving("openai", "gpt-4.1", cache_read=None)
SHORT_ANSWER = Serving("openai", "gpt-4.1-mini", cache_read=None)
REPLY = Serving("anthropic", "claude-sonnet-4-5", cache_read=None, cache_write=0.14)
REPLY_KEPT_AN_HOUR = Serving("anthropic", "claude-sonnet-4-5", cache_read=None, cache_write=0.14, write_1h=0.4)
REVIEW = Serving("anthropic", "claude-opus-4-5", cache_read=None, cache_write=0.08)
RESEARCH = Serving("anthropic", "claude-sonnet-4-5", cache_read=None, cache_write=0.1, reasoning=0.42, verbosity=1.3)
DEEP_RESEARCH = Serving("openai", "gpt-5", cache_read=None, reasoning=0.68, verbosity=1.6)
EMAIL = Serving("openai", "gpt-4o")
SUMMARY = Serving("openai", "gpt-5-mini", reasoning=0.2)
TRANSLATION = Serving("google", "gemini-2.5-flash")
LESSON = Serving("anthropic", "claude-haiku-4-5", cache_read=0.3, cache_write=0.05)
VERDICT = Serving("openai", "gpt-4o-mini")
GRADE = Serving("openai", "gpt-4.1-mini")
SECOND_GRADE = Serving("anthropic", "claude-haiku-4-5")
NOTEBOOK = Serving("anthropic", "claude-sonnet-4-5")
NOTEBOOK_OPUS = Serving("anthropic", "claude-opus-4-5")
IMPORT = Serving("openai", "gpt-4o")
# No public price list knows this model: its usage stays unpriced.
RANKING = Serving("internal", "acme-ft-ranker-7b")

STREAMS: tuple[Stream, ...] = (
    # Its real volume climbs into the demo month and overruns the envelope.
    Stream(
        "search-answers",
        Traffic("webvisits", date(2020, 11, 2), 2.75, "tweets_FB"),
        Texts("large-5"),
        (
            Line(ANSWER, 0.34, tags("search-answers", "search", "free")),
            Line(ANSWER, 0.22, tags("search-answers", "search", "brightwater")),
            Line(ANSWER, 0.14, tags("search-answers", "search", "veldt")),
            Line(SHORT_ANSWER, 0.30, tags("search-answers", "search", "free")),
        ),
    ),
    Stream(
        "support-assistant",
        Traffic("flights_UA", date(2013, 6, 3), 3.0, "tweets_IBM"),
        Texts("large-12", cached="small-19"),
        (
            Line(REPLY_KEPT_AN_HOUR, 0.45, tags("support-assistant", "support", "pro")),
            Line(REPLY_KEPT_AN_HOUR, 0.30, tags("support-assistant", "support", "helix-labs")),
            Line(REPLY, 0.25, tags("support-assistant", "support", "osterby")),
        ),
    ),
    Stream(
        "code-review",
        Traffic("flights_MQ", date(2013, 6, 3), 4.7, "flights_UA"),
        Texts("large-17"),
        (
            Line(REVIEW, 0.75, tags("code-review", "platform", "enterprise")),
            Line(REVIEW, 0.25, tags("code-review", "search", "enterprise")),
        ),
    ),
    Stream(
        "research-agent",
        Traffic("wiki_R", date(2014, 5, 5), 2.4, "tweets_AMZN"),
        Texts("large-128", input_scale=6.0),
        (
            Line(RESEARCH, 0.40, tags("research-agent", "platform", "enterprise")),
            Line(RESEARCH, 0.22, tags("research-agent", "platform", "quillan")),
            Line(DEEP_RESEARCH, 0.38, tags("research-agent", "platform", "enterprise")),
        ),
    ),
    # Its real volume falls from two months before the demo month on.
    Stream(
        "sales-emails",
        Traffic("bicimad", date(2018, 11, 5), 1.5, "flights_AA"),
        Texts("large-17", week=2),
        (
            Line(EMAIL, 0.60, tags("sales-emails", "growth", "enterprise")),
            Line(EMAIL, 0.40, tags("sales-emails", "growth", "tamarind")),
        ),
    ),
    Stream(
        "doc-summaries",
        Traffic("flights_DL", date(2013, 7, 1), 1.3, "flights_DL", delay_hours=14),
        Texts("large-133"),
        (
            Line(SUMMARY, 0.50, tags("doc-summaries", "platform", "pro")),
            Line(SUMMARY, 0.28, tags("doc-summaries", "platform", "helix-labs")),
            Line(SUMMARY, 0.22, tags("doc-summaries", "platform", "veldt")),
        ),
    ),
    Stream(
        "translation",
        Traffic("flights_AA", date(2013, 6, 3), 8.3, "tweets_AMZN"),
        Texts("large-59"),
        (
            Line(TRANSLATION, 0.55, tags("translation", "support", "pro")),
            Line(TRANSLATION, 0.25, tags("translation", "support", "tamarind")),
            Line(TRANSLATION, 0.20, tags("translation", "support", "quillan")),
        ),
    ),
    Stream(
        "onboarding-tutor",
        Traffic("wiki_R", date(2014, 9, 1), 7.0, "flights_AA"),
        Texts("large-95"),
        (
            Line(LESSON, 0.86, tags("onboarding-tutor", "support", "free")),
            Line(LESSON, 0.14, tags("onboarding-tutor", "support", "free", "staging")),
        ),
    ),
    Stream(
        "moderation",
        Traffic("btc_tx", date(2016, 5, 2), 5.0, "tweets_FB"),
        Texts("small-7"),
        (
            Line(VERDICT, 0.70, tags("moderation", "platform", "free")),
            Line(VERDICT, 0.22, tags("moderation", "platform", "pro")),
            Line(VERDICT, 0.08, tags("moderation", "platform", "enterprise")),
        ),
    ),
    Stream(
        "eval-nightly",
        Traffic("flights_AA", date(2013, 7, 1), 0.19, None),
        Texts("large-5"),
        (
            Line(GRADE, 0.60, tags("eval-nightly", "search", "enterprise", "staging")),
            Line(SECOND_GRADE, 0.40, tags("eval-nightly", "platform", "enterprise", "staging")),
        ),
    ),
    # From here on nothing carries what a workload's rules ask for.
    Stream(
        "stray-environment",
        Traffic("webvisits", date(2020, 11, 2), 0.15, "tweets_FB"),
        Texts("large-5"),
        (
            Line(ANSWER, 0.70, tags("search-answers", "search", "brightwater", "prod")),
            Line(REPLY, 0.30, tags("support-assistant", "support", "pro", "prodution")),
        ),
    ),
    Stream(
        "stray-notebook",
        Traffic("wiki_R", date(2014, 4, 7), 0.42, "flights_AA"),
        Texts("large-128"),
        (Line(NOTEBOOK, 0.65), Line(NOTEBOOK_OPUS, 0.35, {"project": "wrkspc_notebooks"})),
    ),
    Stream(
        "stray-project",
        Traffic("flights_DL", date(2013, 7, 1), 0.08, "flights_UA"),
        Texts("large-133"),
        (Line(IMPORT, 1.0, {"project": "proj_legacy_import"}),),
    ),
    Stream(
        "search-ranker",
        Traffic("webvisits", date(2020, 11, 2), 0.7, "tweets_FB"),
        Texts("small-19"),
        (Line(RANKING, 1.0, tags("search-ranker", "search", "free")),),
    ),
)
