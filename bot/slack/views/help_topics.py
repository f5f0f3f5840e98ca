"""What the help knows of each command, and in which of four groups it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Topic:
    """One command: in few words for a list, then as a sentence about it. `NAME` in an example stands for a workload that exists,
    `UNSET` for one without an envelope, so that pasting the line changes nobody's."""

    brief: str
    says: str
    examples: tuple[str, ...]
    who: str
    more: str = ""


TOPICS: Final[dict[str, Topic]] = {
    "status": Topic(
        "what every workload spends, or one in detail",
        "shows what every workload spends this month, or one in detail with its burn-up chart.",
        ("/budget status", "/budget status NAME", "/budget status --share"),
        "everyone",
    ),
    "set": Topic(
        "create or change an envelope",
        "creates or changes an envelope; without arguments a form opens, filled in from what was spent.",
        (
            "/budget set",
            "/budget set UNSET 4000 owner=@ana sponsor=@sam",
            "/budget set NAME soft=80% channel=#ai-budget",
        ),
        "owner and finance partner",
        "Lowering is immediate. Raising an existing envelope waits for its sponsor, who is never its owner. "
        "Options: owner=@ finance=@ sponsor=@ deputy=@ channel=# soft= hard= margin= holdback= "
        "degrade=MODEL, throttle=N/min, stop, or a ladder like gpt-4.1-mini,throttle=60/min,stop; with dry-run it only "
        "reports. The ladder works between the hard threshold and the whole envelope, so give it room: hard=90%. quiet=22-7 "
        "holds soft alerts up at night.",
    ),
    "forecast": Topic(
        "where the month ends, and how sure that is",
        "says where the month ends, how sure that is, and when an envelope would be passed.",
        ("/budget forecast", "/budget forecast NAME", "/budget forecast --accuracy"),
        "everyone",
        "In four months out of five the month ends between p10 and p90. `--accuracy` shows what past forecasts were worth.",
    ),
    "why": Topic(
        "what made it dearer or cheaper than planned",
        "splits the difference to the plan, the last cycle or an earlier forecast into its causes, exactly.",
        ("/budget why NAME", "/budget why NAME vs=last", "/budget why NAME vs=forecast@2026-11-01"),
        "everyone",
    ),
    "whatif": Topic(
        "the forecast under changes, in dollars",
        "shows the forecast under changes beside today's, in dollars; one button saves it as a plan.",
        (
            "/budget whatif NAME volume=+20%",
            "/budget whatif NAME cache=+20pt output=-10% move=gpt-4.1->gpt-4.1-mini:30%",
        ),
        "everyone; saving: owner and finance partner",
        "Volume, input and output change by percent or times (1.5x), the cache share by points; from= says from which day on.",
    ),
    "plan": Topic(
        "a launch or a model switch that is coming",
        "enters a known change, such as a launch or a model switch, into the forecast; without changes it lists them.",
        ("/budget plan NAME", "/budget plan NAME from=2026-12-01 volume=+50%", "/budget plan"),
        "everyone; planning: owner and finance partner",
        'Changes are written as for whatif. A note for the chart: note="Launch in Germany"',
    ),
    "metric": Topic(
        "what volume follows, such as tickets",
        "ties volume to what it follows, such as tickets or active users, and shows the dollars a unit costs.",
        (
            "/budget metric NAME unit=ticket today=1200",
            "/budget metric NAME unit=ticket plan=1500",
            "/budget metric NAME",
        ),
        "owner and finance partner",
        "Without numbers a form opens, to paste days from a table.",
    ),
    "spend": Topic(
        "one month by feature, team, customer, model …",
        "breaks one month down by feature, team, environment, customer, project, model, provider or workload.",
        ("/budget spend by feature", "/budget spend by model last month", "/budget spend by customer 2026-10"),
        "everyone",
        "It also says how much of the spend carries that label at all, week by week.",
    ),
    "workload": Topic(
        "what counts to which workload",
        "lists workloads, shows or explains rules, adds one after a preview of what it would catch, or removes one.",
        (
            "/budget workload list",
            "/budget workload add NAME feature=search environment=production",
            "/budget workload rules NAME",
            "/budget workload explain feature=search environment=production",
            "/budget workload remove NAME feature=search",
        ),
        "everyone; adding and removing: owner and finance partner",
        "Rules compare feature, team, environment, customer, project, model, provider, or tag.ANYTHING. The one with the "
        "most conditions decides, among equals the oldest. A change works from now on; past usage is moved on request.",
    ),
    "unattributed": Topic(
        "what nobody has claimed",
        "shows what no rule matched: whose it is, how it has been going, and which rules would take most of it.",
        ("/budget unattributed",),
        "everyone",
    ),
    "sources": Topic(
        "who sends usage, and whether to believe it",
        "shows who sends usage, how fresh it is and how far it can be trusted, with the next step where it is not.",
        ("/budget sources", "/budget sources compare openai 2026-10"),
        "everyone",
        "A source is silent when it misses its own rhythm, late above six hours, and guessing when more than 2% of its "
        "counts are guessed or missing. Where two sources report the same calls, `compare` shows for how many dollars, and finance "
        "lets one of them count.",
    ),
    "tags": Topic(
        "spellings of one value, merged",
        "shows each tag's values, proposes to merge spellings of one value, and says where a tag has too many.",
        ("/budget tags", "/budget tags environment", "/budget tags environment prod=production"),
        "everyone; merging: finance",
        "A merge works from now on, and on request for the last three months. Rules read both spellings as one.",
    ),
    "price": Topic(
        "what a model costs; a negotiated price",
        "shows a model's price in force and its source, or sets a negotiated one in dollars per million tokens.",
        ("/budget price gpt-4.1", "/budget price gpt-4.1 input=1.60 output=6.40 from=2026-12-01"),
        "everyone; setting: finance",
        "A model without a price is left out of every sum, and Outlay says so.",
    ),
    "why-told": Topic(
        "why you were told, or not",
        "says why you were told about a workload, or not: what holds now, then what held before, with times.",
        ("/budget why-told NAME",),
        "everyone",
        "An alert is told once a month, threshold and change of the envelope; a lower one never follows a higher one.",
    ),
    "replay": Topic(
        "what other thresholds would have told",
        "shows which alerts some thresholds would have sent over past months: true, false, late, and the dollars at stake.",
        ("/budget replay NAME", "/budget replay NAME soft=70% hard=100%", "/budget replay NAME amount=4000"),
        "everyone",
        "Late means within three days of hard. A button takes the thresholds into the form of set.",
    ),
    "rollout": Topic(
        "the first 30 days, as a checklist",
        "walks the company from nothing to bounded spend in 30 days: a checklist that ticks itself from the books.",
        ("/budget rollout", "/budget rollout start", "/budget rollout tick 5", "/budget rollout test-alert"),
        "everyone; starting and pausing: finance",
        "It is posted each week until day 30. In one line: rollout start channel=# from=DAY and the people who see it through.",
    ),
    "reconcile": Topic(
        "the provider's invoice against the books",
        "holds a provider's invoice against the books: every part of the gap with its cause, then two signatures.",
        ("/budget reconcile", "/budget reconcile openai 2026-10", "/budget reconcile --status"),
        "finance partner and owners of what was spent; --status: everyone",
        "A form takes the file: CSV, FOCUS, or a provider's cost report. A restated invoice replaces the one before, which is kept. "
        "Signatures cover the numbers as shown and are void when they change.",
    ),
    "request": Topic(
        "more money this month, from the sponsor",
        "asks the sponsor for more this month; without an amount a form opens.",
        ("/budget request NAME 400 traffic doubled in launch week", "/budget request NAME"),
        "the owner",
        "The sponsor grants an amount until a day, up to one more envelope; it reverts by itself. Reminders go out after 1 and "
        "4 hours, and after a day the deputy is asked; at once where the sponsor is away.",
    ),
    "holdback": Topic(
        "the reserve, drawn once",
        "draws the reserve that was agreed with the envelope, before the sponsor is asked.",
        ("/budget holdback NAME launch week", "/budget set NAME holdback=5%"),
        "the owner, once a month",
        "It is drawn whole and ends with the month; finance and sponsor are told.",
    ),
    "approvals": Topic(
        "what waits for you, what you wait for",
        "shows what waits for you, what you asked for, and which grants and stops are in force.",
        ("/budget approvals",),
        "everyone; deciding: sponsor and deputy, never the owner",
        "Undoing a degradation takes one click of the sponsor, the deputy or finance.",
    ),
    "settings": Topic(
        "what new envelopes take",
        "shows and changes what new envelopes take where nothing is said: channel, deputy, thresholds, margin, quiet hours.",
        (
            "/budget settings",
            "/budget settings soft=75% margin=25%",
            "/budget settings quiet=22-7",
            "/budget settings away=3 Dec",
        ),
        "everyone; changing: finance; away=: everybody for themselves",
        "`off` takes one back, like quiet=off. Envelopes that exist keep what they have. While you are away, your deputies are asked "
        "at once.",
    ),
    "export": Topic(
        "a month as a file",
        "sends you a month of the books as a file, with tags and token classes; it adds up to the nano.",
        ("/budget export", "/budget export 2026-10 format=focus-1.4", "/budget export last month format=csv"),
        "finance",
        "FOCUS 1.2 unless another format is named. The file goes to your direct messages alone.",
    ),
    "audit": Topic(
        "who changed what, when",
        "shows who changed what and when, and whether the chain of entries is whole.",
        ("/budget audit", "/budget audit NAME"),
        "everyone",
    ),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Commands that one sort of question leads to; `first` are lines for whoever does not want to read on."""

    title: str
    commands: tuple[str, ...]
    first: tuple[str, ...]


GROUPS: Final[dict[str, Group]] = {
    "see": Group(
        "See where it goes, and why",
        ("status", "forecast", "why", "whatif", "spend", "unattributed", "sources", "why-told", "audit"),
        ("/budget status", "/budget why NAME"),
    ),
    "decide": Group(
        "Decide what it may cost",
        ("set", "plan", "metric", "replay", "request", "holdback", "approvals"),
        ("/budget set UNSET 4000 owner=@ana sponsor=@sam", "/budget approvals"),
    ),
    "close": Group(
        "Close the month",
        ("reconcile", "price", "export"),
        ("/budget reconcile",),
    ),
    "setup": Group(
        "Set it up",
        ("rollout", "workload", "tags", "settings"),
        ("/budget rollout", "/budget workload list"),
    ),
}
"""Every topic is in one group."""
