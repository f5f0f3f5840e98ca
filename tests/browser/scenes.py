"""What is in the gallery: every kind of message Outlay has, in the order of one story told in the demo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

BUDGET, SEARCH, PLATFORM = "C0BUDGET", "C0SEARCH", "C0PLATFORM"


@dataclass(frozen=True)
class Scene:
    """One picture.

    Attributes:
      name: of the file, without mode and ending.
      title: its line in the index.
      who, where: a person's name and the id of the conversation that is looked at ("dm" for theirs with Outlay, "home" for
        their Home tab).
      waits_for: words that are on the page once it is complete.
      command: what is typed behind `/budget`; None where the scene only looks, at the newest message with `waits_for`.
      before: typed by others beforehand, as (person, words).
      click: a button, by its text, pressed after the command; the picture shows what comes of it.
      values: entered into the modal and submitted; the picture shows what comes of it.
      typed: entered into the modal on each page, by label, and submitted, so that its mistakes are shown there.
      modal: whether a modal is shown instead of a message.
      faults: failures of Slack that are ordered first.
      days: how many days the story's clock moves beforehand.
      clock: a step of the demo's clock that is taken after `before`, such as "runaway 1d"; its usage comes along.
      submits: whether the form is submitted as it is filled in.
      sample: the action_id of a file input that gets the demo's sample file when the form is submitted.
      opens: the name of a menu in the message that is open in the picture.
    """

    name: str
    title: str
    who: str
    where: str
    waits_for: str
    command: str | None = None
    before: tuple[tuple[str, str], ...] = ()
    click: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    modal: bool = False
    faults: tuple[Mapping[str, Any], ...] = ()
    days: int = 0
    opens: str = ""
    clock: str = ""
    submits: bool = False
    sample: str = ""


CLAIM: Final = "workload add search-answers team=search environment=prod"
PEOPLE: Final = {"set_owner": "U0ANA", "set_finance": "U0FARAH", "set_sponsor": "U0SAM"}
RANKER: Final = "price acme-ft-ranker-7b"
TRIAL: Final = "whatif search-answers move=gpt-4.1->gpt-4.1-mini:30% cache=+10pt"
LAUNCH: Final = 'plan search-answers from=tomorrow volume=+20% note="Launch in Germany"'
RULE: Final = "feature=search-answers environment=production"

FIRST_STEPS: Final = Scene(
    "status-first-steps", "Nothing there yet: the first steps", "farah", BUDGET, "Three steps", "status"
)

SCENES: Final = (
    Scene("hub", "`/budget` alone: the hub", "kim", BUDGET, "Answers are only for you", ""),
    Scene("hub-owner", "… and for an owner: what is next", "ana", BUDGET, "Answers are only for you", ""),
    Scene("status", "`/budget status`: every workload", "ana", BUDGET, "AI budget", "status"),
    Scene("status-one", "`/budget status search-answers`: one workload", "ana", SEARCH, "Tokens", "status search-answers"),
    Scene("status-no-envelope", "One workload without an envelope", "ana", SEARCH, "Tokens", "status translation"),
    Scene("status-unattributed", "What nobody has claimed", "farah", BUDGET, "Tokens", "status unattributed"),
    Scene("forecast", "`/budget forecast`: where the month ends", "farah", BUDGET, "Run-rate", "forecast"),
    Scene(
        "forecast-one", "`/budget forecast search-answers`: the range, and what drives it",
        "ana", SEARCH, "Requests a day", "forecast search-answers",
    ),
    Scene(
        "forecast-no-envelope", "The forecast without an envelope",
        "farah", BUDGET, "softer than it looks", "forecast unattributed",
    ),
    Scene(
        "forecast-accuracy", "`/budget forecast --accuracy`: what past forecasts were worth",
        "farah", BUDGET, "Maturity", "forecast --accuracy",
    ),
    Scene("why-plan", "`/budget why search-answers`: against the plan", "ana", SEARCH, "against 55%", "why search-answers"),
    Scene(
        "why-last", "`/budget why search-answers vs=last`: against the last cycle",
        "ana", SEARCH, "the same days of", "why search-answers vs=last",
    ),
    Scene(
        "why-forecast", "`/budget why search-answers vs=forecast`: against the forecast",
        "ana", SEARCH, "expected today", "why search-answers vs=forecast",
    ),
    Scene("whatif", "`/budget whatif search-answers …`: the forecast under changes", "ana", SEARCH, "saves", TRIAL),
    Scene("plan-form", "`/budget plan`: the form", "ana", BUDGET, "What changes", "plan", modal=True),
    Scene("plan-done", "A change is planned", "ana", SEARCH, "Planned from", LAUNCH),
    Scene(
        "plan-list", "`/budget plan search-answers`: what is planned",
        "ana", SEARCH, "1 planned change", "plan search-answers",
    ),
    Scene(
        "forecast-planned", "The forecast with a planned change",
        "ana", SEARCH, "Planned changes", "forecast search-answers",
    ),
    Scene(
        "metric-form", "`/budget metric support-assistant`: the form",
        "ben", BUDGET, "in the singular", "metric support-assistant", modal=True,
    ),
    Scene(
        "metric", "Volume tied to tickets",
        "ben", BUDGET, "is tied to", "metric support-assistant unit=ticket today=1200",
    ),
    Scene(
        "sources", "`/budget sources`: who sends usage, and how far it can be trusted",
        "farah", BUDGET, "Duplicates", "sources",
    ),
    Scene(
        "unattributed", "`/budget unattributed`: what nobody has claimed, and rules that would",
        "farah", BUDGET, "share by week", "unattributed",
    ),
    Scene("tags", "`/budget tags`: every tag", "farah", BUDGET, "Coverage", "tags"),
    Scene(
        "tags-one", "`/budget tags environment`: spellings of one value",
        "farah", BUDGET, "looks alike", "tags environment",
    ),
    Scene(
        "tags-merge", "Before a merge",
        "farah", BUDGET, "Nothing has changed yet", "tags environment prodution=production",
    ),
    Scene("spend-by-team", "`/budget spend by team`", "farah", BUDGET, "carry a team", "spend by team"),
    Scene("spend-by-environment", "`/budget spend by environment`", "farah", BUDGET, "prodution", "spend by environment"),
    Scene("spend-by-model", "`/budget spend by model`", "farah", BUDGET, "gemini", "spend by model"),
    Scene(
        "workload-preview", "`/budget workload add`: what a rule would catch",
        "farah", BUDGET, "Nothing has been added", CLAIM,
    ),
    Scene(
        "workload-added", "… and what it caught", "farah", BUDGET, "moved here from", CLAIM,
        click="Add and re-attribute this cycle",
    ),
    Scene("workload-list", "`/budget workload list`", "kim", BUDGET, "whatever no rule matches", "workload list"),
    Scene("workload-rules", "`/budget workload rules`", "kim", BUDGET, "Examples", "workload rules search-answers"),
    Scene(
        "workload-rules-menu", "… with the menu of a rule", "ana", BUDGET, "Examples", "workload rules search-answers",
        opens="rule_menu",
    ),
    Scene(
        "workload-explain", "`/budget workload explain`: which rule decides",
        "kim", BUDGET, "decides", f"workload explain {RULE}",
    ),
    Scene(
        "workload-remove", "`/budget workload remove`: where its usage would go",
        "ana", BUDGET, "It is still there", f"workload remove search-answers {RULE}",
    ),
    Scene(
        "set-form", "`/budget set`: the form, filled in from the spend",
        "chen", BUDGET, "Forecast of", "set doc-summaries", modal=True,
    ),
    Scene(
        "set-form-errors", "The form: mistakes are said at their fields", "chen", BUDGET, "“a lot”", "set doc-summaries",
        typed={"Owner": "Chen Wei", "Sponsor": "Chen Wei", "Dollars a month": "a lot"}, modal=True,
    ),
    Scene(
        "set-form-more", "The form with its optional fields", "chen", BUDGET, "Hard threshold", "set code-review",
        click="More options", modal=True,
    ),
    Scene(
        "set-done", "An envelope is set", "ana", BUDGET, "has an envelope of", "set doc-summaries",
        values={**PEOPLE, "set_amount": "3,000"},
    ),
    Scene("set-lowered", "An envelope is lowered", "farah", BUDGET, "soft threshold", "set sales-emails 1,500"),
    Scene("raise-waits", "A raise waits for the sponsor", "ana", SEARCH, "waits for", "set search-answers 14k"),
    Scene("request", "The sponsor is asked", "sam", "dm", "asks you to raise"),
    Scene("request-loosened", "The sponsor is asked for more than money", "sam", "dm", "What gives more room", before=(
        ("chen", "set code-review 10k soft=90% hard=120% degrade=claude-haiku-4-5"),)),
    Scene("request-approved", "The same message once approved", "sam", "dm", "approved by", click="Approve"),
    Scene("requester-told", "Whoever asked is told", "chen", "dm", "was approved by"),
    Scene("requester-declined", "… or told that it was declined", "ben", "dm", "was declined by", before=(
        ("ben", "set support-assistant 20k"),), click="sam:Decline"),
    Scene("requester-unreached", "… or that the sponsor cannot be reached", "chen", "dm", "I cannot reach", before=(
        ("chen", "set research-agent 9k"),), faults=({"method": "chat.postMessage", "kind": "gone"},)),
    Scene("status-states", "Every state at once", "farah", BUDGET, "past", "status", before=(
        ("farah", "set moderation 350"),)),
    Scene("status-over", "One workload over its envelope", "chen", BUDGET, "Tokens", "status moderation"),
    Scene("price", "`/budget price`: the price in force", "farah", BUDGET, "list", "price claude-sonnet-4-5"),
    Scene("price-unknown", "A model without a price", "ana", BUDGET, "no known price", RANKER),
    Scene("price-set", "Finance gives it one", "farah", BUDGET, "Negotiated", f"{RANKER} input=0.10 output=0.40"),
    Scene("audit", "`/budget audit search-answers`", "farah", BUDGET, "The chain is whole", "audit search-answers"),
    Scene("help", "`/budget help`", "kim", BUDGET, "Commands of", "help"),
    Scene("help-group", "`/budget help decide`: one of the four groups", "kim", BUDGET, "Decide what it may cost", "help decide"),
    Scene("help-set", "`/budget help set`", "kim", BUDGET, "Lowering is immediate", "help set"),
    Scene("digest", "Monday morning: the forecast of a channel", "chen", PLATFORM, "week of", days=6),
    Scene("refusal", "A refusal with a line to paste", "kim", BUDGET, "Did you mean", "status serch-answers"),
    Scene("refusal-right", "A refusal for lack of rights", "kim", BUDGET, "Only the owner", "set code-review 100"),
    # Slack makes the conversation wait, so that what comes meanwhile goes out together.
    Scene(
        "breach-group", "Several envelopes at once share a message", "chen", PLATFORM, "alerts at once", before=(
            ("farah", "set code-review soft=30%"), ("farah", "set research-agent soft=30%"), ("farah", "set eval-nightly soft=30%"),
        ), faults=({"method": "chat.postMessage", "kind": "429", "seconds": 8},),
    ),
    Scene(
        "reference", "A fault of Outlay's own: a reference to report", "chen", BUDGET, "reference", "set",
        faults=({"method": "views.open", "kind": "500"},),
    ),
)  # fmt: skip
