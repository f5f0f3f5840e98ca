"""The workloads of the fictional company Acme as the company itself would enter them, and who answers for each.

Everything here is invented. What the workloads really spend comes from `usage_streams`.
"""

from dataclasses import dataclass

ANA, BEN, CHEN, FARAH, SAM = "U0ANA", "U0BEN", "U0CHEN", "U0FARAH", "U0SAM"
SEARCH, SUPPORT, PLATFORM, BUDGET = "C0SEARCH", "C0SUPPORT", "C0PLATFORM", "C0BUDGET"


@dataclass(frozen=True)
class Workload:
    """A workload as Acme would enter it.

    `rules` are tag values that an event must all carry. `envelope_usd` is a suggested month in whole dollars; None
    leaves the envelope for a newcomer to set. People and channel are ids of the sandbox's workspace.
    """

    name: str
    description: str
    rules: tuple[tuple[str, str], ...]
    envelope_usd: int | None
    owner_id: str
    channel_id: str
    finance_id: str = FARAH
    sponsor_id: str = SAM


def rules(feature: str, environment: str | None = "production") -> tuple[tuple[str, str], ...]:
    wanted = (("feature", feature),)
    return wanted if environment is None else (*wanted, ("environment", environment))


WORKLOADS: tuple[Workload, ...] = (
    Workload("search-answers", "Answers above the search results", rules("search-answers"), 11_000, ANA, SEARCH),
    Workload(
        "support-assistant", "Drafts replies to support tickets", rules("support-assistant"), 11_000, BEN, SUPPORT
    ),
    Workload("code-review", "First review of every pull request", rules("code-review"), 9_000, CHEN, PLATFORM),
    Workload("research-agent", "Long research runs for analysts", rules("research-agent"), 8_000, CHEN, PLATFORM),
    Workload("sales-emails", "Outreach drafts for the sales team", rules("sales-emails"), 4_000, ANA, BUDGET),
    Workload("doc-summaries", "Nightly summaries of new documents", rules("doc-summaries"), None, ANA, SEARCH),
    Workload("translation", "Product texts in eleven languages", rules("translation"), None, ANA, SEARCH),
    Workload(
        "onboarding-tutor",
        "Guides new customers, staging included",
        rules("onboarding-tutor", None),
        1_000,
        BEN,
        SUPPORT,
    ),
    Workload("moderation", "Checks every message that users post", rules("moderation"), 1_000, CHEN, PLATFORM),
    Workload("eval-nightly", "Nightly quality runs", rules("eval-nightly", "staging"), 250, CHEN, PLATFORM),
)
