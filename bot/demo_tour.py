"""The guided tour of the demo: what to look at, as whom, where, and what to type. Each step can be done by hand."""

from __future__ import annotations

from typing import Any, Final

ANA, CHEN, FARAH, SAM = "U0ANA", "U0CHEN", "U0FARAH", "U0SAM"
BUDGET, PLATFORM, SEARCH, SAMS_MESSAGES = "C0BUDGET", "C0PLATFORM", "C0SEARCH", "D0SAM"


def _step(
    title: str, text: str, *, who: str, where: str, line: str | None = None, clock: str | None = None
) -> dict[str, Any]:
    """One step; `clock` is how far time moves first, see `Demo.advance`."""
    more = {"type": line} if line else {"clock": clock} if clock else {}
    return {"title": title, "text": text, "as": who, "go": where, **more}


TOUR: Final = (
    _step(
        "Where do we stand?",
        "Acme runs ten AI workloads. One command shows what each spends this month, which have an envelope, and what nobody has claimed.",
        who=ANA, where=BUDGET, line="/budget status",
    ),
    _step(
        "One workload, in detail",
        "Ana leads search. Her workload is inside its envelope today, but the straight line to month-end is not. The chart shows it.",
        who=ANA, where=SEARCH, line="/budget status search-answers",
    ),
    _step(
        "Where will the month end?",
        "Not a straight line: volume × token shape × model mix × price, with the chance to pass the envelope and the likely days.",
        who=ANA, where=SEARCH, line="/budget forecast search-answers",
    ),
    _step(
        "Why?",
        "The difference to the plan, split exactly into its causes: the rows of the table add up. Below it, what to do next.",
        who=ANA, where=SEARCH, line="/budget why search-answers",
    ),
    _step(
        "What would help?",
        "The forecast under changes beside today's, in dollars. One button saves it as a plan, another asks for the envelope.",
        who=ANA, where=SEARCH, line="/budget whatif search-answers move=gpt-4.1->gpt-4.1-mini:30% cache=+10pt",
    ),
    _step(
        "Cut it another way",
        "The same dollars by feature, team, environment, customer or model, with how many of them carry the tag at all.",
        who=FARAH, where=BUDGET, line="/budget spend by environment",
    ),
    _step(
        "Claim what is unattributed",
        "Farah owns what nobody has claimed. The preview shows what a rule would catch; the button under it makes it so.",
        who=FARAH, where=BUDGET, line="/budget workload add search-answers team=search environment=prod",
    ),
    _step(
        "Give a workload an envelope",
        "Her translation spends without one. A line is enough; without an amount a form opens, filled in from the spend.",
        who=ANA, where=BUDGET, line="/budget set translation $2k sponsor=@sam",
    ),
    _step(
        "Ask for more",
        "Lowering an envelope is immediate; raising it is the sponsor's decision. Nobody approves their own request.",
        who=ANA, where=SEARCH, line="/budget set search-answers 14k",
    ),
    _step(
        "Sam has twenty seconds",
        "The sponsor sees who asks, from what to what, and two buttons. Approve or decline: every copy of the message says who decided.",
        who=SAM, where=SAMS_MESSAGES,
    ),
    _step(
        "A loop runs away",
        "Overnight an agent calls itself in circles, about $190 an hour. The channel hears of the burning hours and of the hard threshold.",
        who=CHEN, where=PLATFORM, clock="runaway 1d",
    ),
    _step(
        "The sponsor's phone rings",
        "What follows from the hard threshold is on already. Sam reads why, where to and what is on, and has three buttons.",
        who=SAM, where=SAMS_MESSAGES,
    ),
    _step(
        "Grant, keep, or stop?",
        "Grant more… takes an amount, a day and a reason, and reverts by itself. Every copy then says who decided. Its owner cannot.",
        who=SAM, where=SAMS_MESSAGES,
    ),
    _step(
        "Who changed what?",
        "Every change is in a chain of hashes that shows any later tampering.",
        who=FARAH, where=BUDGET, line="/budget audit search-answers",
    ),
    _step(
        "The invoice comes",
        "Last month's bill is off by a thousand dollars. Take the sample file in the form: every part of the gap gets a name.",
        who=FARAH, where=BUDGET, line="/budget reconcile openai",
    ),
    _step(
        "The owner signs",
        "Engineering and finance both sign what they see; new numbers void it. Behind Mend… finance sets the price.",
        who=ANA, where=BUDGET,
    ),
    _step(
        "Finance signs",
        "Farah signs for the money. Refuse… takes a reason and tells the others what is wrong.",
        who=FARAH, where=BUDGET,
    ),
    _step(
        "The last signature",
        "Chen owns workloads on this bill too. With his name the month is closed: spend and causes stay as all of them saw it.",
        who=CHEN, where=BUDGET,
    ),
    _step(
        "The first 30 days",
        "From here on a checklist leads through four weeks. Say who sees it through, or just start; what the books prove ticks itself.",
        who=FARAH, where=BUDGET, line="/budget rollout start",
    ),
    _step(
        "A month goes by",
        "Each Monday's forecast, each week's post, the turn of the month; on day 30 where the company stands, and its worst case.",
        who=FARAH, where=BUDGET, clock="30d",
    ),
)  # fmt: skip
