"""`/budget` alone and `/budget help`: what can be done, with lines that can be pasted as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import code
from bot.slack.views.wording import listed


@dataclass(frozen=True, slots=True)
class Topic:
    """One command. `NAME` in an example stands for a workload and is replaced by one that exists."""

    says: str
    examples: tuple[str, ...]
    who: str
    more: str = ""


TOPICS: Final[dict[str, Topic]] = {
    "status": Topic(
        "shows what every workload spends this month, or one in detail with its burn-up chart.",
        ("/budget status", "/budget status NAME", "/budget status --share"),
        "everyone",
    ),
    "set": Topic(
        "creates or changes an envelope; without arguments a form opens, filled in from what was spent.",
        (
            "/budget set",
            "/budget set NAME 4000 owner=@ana sponsor=@sam",
            "/budget set NAME $4k soft=80% hard=100% channel=#ai-budget",
        ),
        "owner and finance partner",
        "Lowering is immediate. Raising an existing envelope waits for its sponsor, who is never its owner. "
        "Options: owner=@ finance=@ sponsor=@ deputy=@ channel=# soft= hard= margin= holdback= "
        "degrade=MODEL, throttle=N/min, stop, or a ladder like gpt-4.1-mini,throttle=60/min,stop; with dry-run it only "
        "reports. The ladder works between the hard threshold and the whole envelope, so give it room: hard=90%. quiet=22-7 "
        "holds soft alerts up at night.",
    ),
    "forecast": Topic(
        "says where the month ends, how sure that is, and when an envelope would be passed.",
        ("/budget forecast", "/budget forecast NAME", "/budget forecast --accuracy"),
        "everyone",
        "In four months out of five the month ends between p10 and p90. `--accuracy` shows what past forecasts were worth.",
    ),
    "why": Topic(
        "splits the difference to the plan, the last cycle or an earlier forecast into its causes, exactly.",
        ("/budget why NAME", "/budget why NAME vs=last", "/budget why NAME vs=forecast@2026-11-01"),
        "everyone",
    ),
    "whatif": Topic(
        "shows the forecast under changes beside today's, in dollars; one button saves it as a plan.",
        (
            "/budget whatif NAME volume=+20%",
            "/budget whatif NAME cache=+20pt output=-10% move=gpt-4.1->gpt-4.1-mini:30%",
        ),
        "everyone; saving: owner and finance partner",
        "Volume, input and output change by percent or times (1.5x), the cache share by points; from= says from which day on.",
    ),
    "plan": Topic(
        "enters a known change, such as a launch or a model switch, into the forecast; without changes it lists them.",
        ("/budget plan NAME", "/budget plan NAME from=2026-12-01 volume=+50%", "/budget plan"),
        "everyone; planning: owner and finance partner",
        'Changes are written as for whatif. A note for the chart: note="Launch in Germany"',
    ),
    "metric": Topic(
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
        "breaks one month down by feature, team, environment, customer, project, model, provider or workload.",
        ("/budget spend by feature", "/budget spend by model last month", "/budget spend by customer 2026-10"),
        "everyone",
        "It also says how much of the spend carries that label at all, week by week.",
    ),
    "workload": Topic(
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
        "shows what no rule matched: whose it is, how it has been going, and which rules would take most of it.",
        ("/budget unattributed",),
        "everyone",
    ),
    "sources": Topic(
        "shows who sends usage, how fresh it is and how far it can be trusted, with the next step where it is not.",
        ("/budget sources",),
        "everyone",
        "A source is silent when it misses its own rhythm, late above six hours, and guessing when more than 2% of its "
        "counts are guessed or missing.",
    ),
    "tags": Topic(
        "shows each tag's values, proposes to merge spellings of one value, and says where a tag has too many.",
        ("/budget tags", "/budget tags environment", "/budget tags environment prod=production"),
        "everyone; merging: finance",
        "A merge works from now on, and on request for the last three months. Rules read both spellings as one.",
    ),
    "price": Topic(
        "shows a model's price in force and its source, or sets a negotiated one in dollars per million tokens.",
        ("/budget price gpt-4.1", "/budget price gpt-4.1 input=1.60 output=6.40 from=2026-12-01"),
        "everyone; setting: finance",
        "A model without a price is left out of every sum, and Outlay says so.",
    ),
    "why-told": Topic(
        "says why you were told about a workload, or not: what holds now, then what held before, with times.",
        ("/budget why-told NAME",),
        "everyone",
        "An alert is told once a month, threshold and change of the envelope; a lower one never follows a higher one.",
    ),
    "replay": Topic(
        "shows which alerts some thresholds would have sent over past months: true, false, late, and the dollars at stake.",
        ("/budget replay NAME", "/budget replay NAME soft=70% hard=100%", "/budget replay NAME amount=4000"),
        "everyone",
        "Late means within three days of hard. A button takes the thresholds into the form of set.",
    ),
    "rollout": Topic(
        "walks the company from nothing to bounded spend in 30 days: a checklist that ticks itself from the books.",
        ("/budget rollout", "/budget rollout start", "/budget rollout tick 5", "/budget rollout test-alert"),
        "everyone; starting and pausing: finance",
        "It is posted each week until day 30. In one line: rollout start channel=# from=DAY and the people who see it through.",
    ),
    "reconcile": Topic(
        "holds a provider's invoice against the books: every part of the gap with its cause, then two signatures.",
        ("/budget reconcile", "/budget reconcile openai 2026-10", "/budget reconcile --status"),
        "finance partner and owners of what was spent; --status: everyone",
        "A form takes the file: CSV, FOCUS, or a provider's cost report. A restated invoice replaces the one before, which is kept. "
        "Signatures cover the numbers as shown and are void when they change.",
    ),
    "request": Topic(
        "asks the sponsor for more this month; without an amount a form opens.",
        ("/budget request NAME 400 traffic doubled in launch week", "/budget request NAME"),
        "the owner",
        "The sponsor grants an amount until a day, up to one more envelope; it reverts by itself. Reminders go out after 1 and "
        "4 hours, and after a day the deputy is asked.",
    ),
    "holdback": Topic(
        "draws the reserve that was agreed with the envelope, before the sponsor is asked.",
        ("/budget holdback NAME launch week", "/budget set NAME holdback=5%"),
        "the owner, once a month",
        "It is drawn whole and ends with the month; finance and sponsor are told.",
    ),
    "approvals": Topic(
        "shows what waits for you, what you asked for, and which grants and stops are in force.",
        ("/budget approvals",),
        "everyone; deciding: sponsor and deputy, never the owner",
        "Undoing a degradation takes one click of the sponsor, the deputy or finance.",
    ),
    "settings": Topic(
        "shows and changes what new envelopes take where nothing is said: channel, deputy, thresholds, margin, quiet hours.",
        ("/budget settings", "/budget settings soft=75% margin=25%", "/budget settings quiet=22-7"),
        "everyone; changing: finance",
        "`off` takes one back, like quiet=off. Envelopes that exist keep what they have.",
    ),
    "export": Topic(
        "sends you a month of the books as a file, with tags and token classes; it adds up to the nano.",
        ("/budget export", "/budget export 2026-10 format=focus-1.4", "/budget export last month format=csv"),
        "finance",
        "FOCUS 1.2 unless another format is named. The file goes to your direct messages alone.",
    ),
    "audit": Topic(
        "shows who changed what and when, and whether the chain of entries is whole.",
        ("/budget audit", "/budget audit NAME"),
        "everyone",
    ),
}


def hub_message(names: tuple[str, ...]) -> Message:
    """`/budget` alone: what this is in two sentences, and the four things people come for."""
    text = "Outlay keeps an envelope for each AI workload: what it may spend this month, and who answers for it."
    known = f" There are {len(names):,} workloads; Status shows them all." if len(names) > 1 else ""
    return blocks.message(
        text,
        blocks.section(f"{text}{known}"),
        blocks.actions(
            blocks.button("Status", ids.SHOW_STATUS, "", style="primary"),
            blocks.button("Set an envelope", ids.OPEN_SET, ""),
            blocks.button("Spend by feature", ids.SHOW_SPEND, "feature"),
            blocks.button("Help", ids.SHOW_HELP, ""),
        ),
        blocks.context(
            f"Or type it: `/budget status`, {code(_with_name('/budget set NAME 4000 sponsor=@name', names))}",
            "Is all of it there? `/budget sources` and `/budget unattributed` tell. What waits for you: `/budget approvals`.",
            "Answers are only for you; add `--share` to show one to the channel.",
        ),
    )


def help_message(topic: str | None, names: tuple[str, ...]) -> Message:
    """Every command with examples, or one of them; an unknown topic gets the list of known ones."""
    found = TOPICS.get(topic.strip().lower()) if topic else None
    if topic and found:
        return _one(topic.strip().lower(), found, names)
    opening = "Commands of `/budget`. Each line can be pasted; put your own people for @ana and @sam."
    if topic:
        opening = f"There is no help on {code(topic, 40)}. It exists for {listed(list(TOPICS), len(TOPICS))}."
    parts = []
    for command, one in TOPICS.items():
        parts += [
            blocks.section(f"*{command}* {one.says}"),
            blocks.paste(*(_with_name(line, names) for line in one.examples[:2])),
        ]
    return blocks.message(
        opening,
        blocks.section(opening),
        *parts,
        blocks.context(
            "Amounts are read as you write them: 4000, $4k, 4,000.50 USD; shares as 80, 80% or 0.8.",
            "Answers are only for you unless `--share` is added. More on one: `/budget help set`",
        ),
    )


def _one(command: str, topic: Topic, names: tuple[str, ...]) -> Message:
    text = f"*/budget {command}* {topic.says}"
    return blocks.message(
        text,
        blocks.section(f"{text} {topic.more}".strip()),
        blocks.paste(*(_with_name(line, names) for line in topic.examples)),
        blocks.context(f"For {topic.who} · all commands: `/budget help`"),
    )


def _with_name(line: str, names: tuple[str, ...]) -> str:
    return line.replace("NAME", names[0] if names else "search-answers")
