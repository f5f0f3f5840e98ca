"""Forged buttons and forms of what lasts: rules, tags, plans, prices, proposals, the rollout, an envelope's terms.

Each is sent by people who have nothing to say there, with values of an envelope that is not theirs, and changes nothing; then
by somebody who may, and it does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bot.slack import ids
from bot.slack.views.mend import mend_of
from core.period import Cycle
from core.services.propose_envelopes import propose_envelopes
from tests.e2e.test_forged_payloads import a_click, a_submission, delivered
from tests.e2e.test_story_reconcile import brings, october_bill, the_comparison, with_october
from tests.support.office import FARAH, NOW, SAM, Office

BEN, KIM = "<@U0BEN|ben>", "<@U0KIM|kim>"
OUTSIDERS = ("U0ANA", "U0SAM")
"""Owner and sponsor of another envelope: whoever has less to say may not do more."""
KEPT = (
    "rules", "workloads", "tag_aliases", "plans", "metrics", "metric_points", "negotiated_prices", "envelopes",
    "envelope_entries", "change_requests", "envelope_proposals", "rollouts", "rollout_items", "rollout_marks", "breaches",
    "escalations", "grants", "postures", "leaves", "invoices", "reconciliations", "signatures", "daily_spend", "meta", "audit_log",
)  # fmt: skip


@dataclass(frozen=True)
class Forgery:
    """What is sent, and who may send it."""

    name: str
    payload: dict[str, Any]
    by: str

    def sent_by(self, user: str) -> dict[str, Any]:
        return self.payload | {"user": self.payload["user"] | {"id": user}}


def clicked(action: str, value: object, by: str) -> Forgery:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return Forgery(f"{action} {text}", a_click(by, action, text), by)


def submitted(callback: str, private: dict[str, Any], values: dict[str, str], by: str) -> Forgery:
    return Forgery(callback, a_submission(by, callback, private, values), by)


async def furnished(office: Office) -> dict[str, int]:
    """Two envelopes of two teams; the numbers of what there is about Ben's."""
    for name, people in (("search", f"owner=<@U0ANA|ana> sponsor={SAM}"), ("support", f"owner={BEN} sponsor={KIM}")):
        await office.farah.types(f"/budget workload add {name} feature={name}")
        await office.farah.clicks("Add and re-attribute this cycle")
        await office.farah.types(f"/budget set {name} 100 {people} finance={FARAH}")
    await office.farah.types("/budget set support 900")
    await office.farah.types("/budget plan support volume=+20% from=2026-11-25")
    await office.farah.types("/budget tags feature supprot=support")
    await office.farah.clicks(ids.MERGE_TAGS)
    await office.farah.types("/budget rollout start channel=<#C0BUDGET|ai-budgets>")
    await office.service.alerts.look()
    uow = office.service.uow
    await propose_envelopes(uow, Cycle(2026, 11), now=NOW)
    async with uow.read() as tx:
        numbers = await tx.workloads.names()
        found = {
            "workload": numbers["support"],
            "rule": next(rule.id for one in await tx.workloads.all() if one.name == "support" for rule in one.rules),
            "request": next(iter(await tx.requests.pending(person="U0KIM"))).id,
            "plan": (await tx.connection.exec_driver_sql("SELECT max(id) FROM plans")).scalar_one(),
            "breach": (
                await tx.connection.exec_driver_sql(f"SELECT max(id) FROM breaches WHERE workload_id = {numbers['support']}")
            ).scalar_one(),
        }  # fmt: skip
    assert all(found.values()), found
    return found


def forgeries(there: dict[str, int]) -> list[Forgery]:
    """In an order in which each changes something once somebody entitled sends it."""
    own = {"feature": "support"}
    rule = there["rule"]
    return [
        clicked(ids.ADD_RULE, ["support", {"team": "care"}], "U0BEN"),
        clicked(ids.ADD_RULE_AND_MOVE, ["support", {"team": "desk"}], "U0BEN"),
        clicked(ids.ADD_RULE_AND_MOVE_BACK, ["support", {"team": "phone"}], "U0BEN"),
        # The number of Ben's rule under the name of one's own workload.
        clicked(ids.REMOVE_RULE, [rule, "search", own], "U0BEN"),
        clicked(ids.RESTORE_RULE, [rule, "support", own], "U0BEN"),
        clicked(ids.MERGE_TAGS, ["feature", ["suport"], "support"], "U0FARAH"),
        clicked(ids.MERGE_AND_RELABEL, ["feature", ["suppport"], "support"], "U0FARAH"),
        clicked(ids.DROP_ALIAS, ["feature", "supprot"], "U0FARAH"),
        clicked(ids.SAVE_AS_PLAN, ["support", "2026-11-26", [["volume", 0.5]]], "U0BEN"),
        clicked(ids.WITHDRAW_PLAN, str(there["plan"]), "U0BEN"),
        clicked(ids.DISCUSS_PROPOSAL, f"2026-11/{there['workload']}", "U0BEN"),
        clicked(ids.ACKNOWLEDGE_BREACH, str(there["breach"]), "U0BEN"),
        clicked(ids.TICK_ITEM, "5", "U0FARAH"),
        clicked(ids.STEER_ROLLOUT, "pause", "U0FARAH"),
        clicked(ids.STEER_ROLLOUT, "resume", "U0FARAH"),
        clicked(ids.APPROVE_REQUEST, str(there["request"]), "U0KIM"),
        submitted(
            ids.PLAN_MODAL, {"workload": "support"}, {"plan_changes": "volume=+40%", "plan_note": "forged"}, "U0BEN"
        ),
        submitted(
            ids.METRIC_MODAL, {"workload": "support"}, {"metric_unit": "tickets", "metric_days": "2026-11-20,100"}, "U0BEN"
        ),
        submitted(ids.ROLLOUT_MODAL, {"again": True}, {}, "U0FARAH"),
        submitted(ids.SET_MODAL, {"workload": "support"}, {"set_amount": "50"}, "U0BEN"),
        submitted(ids.SET_MODAL, {"workload": "support"}, {"set_sponsor": "U0SAM"}, "U0BEN"),
    ]  # fmt: skip


async def kept(office: Office) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of what people decide on."""
    async with office.service.uow.read() as tx:
        return {
            table: sorted(map(tuple, await tx.connection.exec_driver_sql(f"SELECT * FROM {table}")), key=repr)
            for table in KEPT
        }


async def test_buttons_and_forms_of_what_lasts_work_only_for_those_who_may(office: Office) -> None:
    there = await furnished(office)
    wrong = []
    for forged in forgeries(there):
        before = await kept(office)
        for user in OUTSIDERS:
            assert await delivered(office, forged.sent_by(user)) == 200
        if (after := await kept(office)) != before:
            changed = [table for table in KEPT if after[table] != before[table]]
            wrong.append(f"outsiders changed {changed} with {forged.name}")
        await delivered(office, forged.payload)
        if await kept(office) == after:
            wrong.append(f"{forged.by} could not: {forged.name}")
    before = await kept(office)
    for line in ("settings soft=50%", "rollout pause", "rollout restart channel=<#C0BUDGET|ai-budgets>"):
        for person in (office.ana, office.kim):
            await person.types(f"/budget {line}")
    if await kept(office) != before:
        wrong.append("a line that only finance may type changed something")
    assert "\n".join(wrong) == ""


async def compared(office: Office) -> tuple[str, str]:
    """October of Ana's search beside a bill a quarter dearer, and a proposal for her envelope; (what a signature's button
    carries, what the form of the price does)."""
    await with_october(office)
    await brings(office, october_bill(factor=1.25))
    await the_comparison(office)
    uow = office.service.uow
    await propose_envelopes(uow, Cycle(2026, 11), now=NOW)
    async with uow.read() as tx:
        kept = await tx.reconciliations.current("openai", Cycle(2026, 10))
    assert kept is not None
    place = next(at for at, cause in enumerate(kept.result["causes"]) if mend_of(cause, kept.result))
    shown = f"{kept.id} {kept.digest[:12]}"
    return shown, f"{shown} {place}"


async def test_a_months_close_is_decided_on_only_by_those_who_sign_it(office: Office) -> None:
    shown, mend = await compared(office)
    async with office.service.uow.read() as tx:
        search = (await tx.workloads.names())["search"]
    refusal = {ids.BLOCK_REFUSAL: "the tax is not ours"}
    strangers = ("U0KIM", "U0SAM", "U0BEN")
    wrong = []
    for forged, outsiders in (
        (submitted(ids.REFUSE_MODAL, {"value": shown}, refusal, "U0ANA"), strangers),
        (clicked(ids.SIGN_RECONCILIATION, shown, "U0ANA"), strangers),
        (clicked(ids.ACCEPT_PROPOSAL, f"2026-11/{search}", "U0ANA"), strangers),
        # Who signs for a workload does not set the company's prices.
        (submitted(ids.MEND_PRICE_MODAL, {"value": mend}, {}, "U0FARAH"), ("U0ANA", *strangers)),
    ):
        before = await kept(office)
        for user in outsiders:
            assert await delivered(office, forged.sent_by(user)) == 200
        if (after := await kept(office)) != before:
            wrong.append(
                f"outsiders changed {[name for name in KEPT if after[name] != before[name]]} with {forged.name}"
            )
        await delivered(office, forged.payload)
        if await kept(office) == after:
            wrong.append(f"{forged.by} could not: {forged.name}")
    before = await kept(office)
    # A digest that nobody was shown, another comparison's number, and a cause that is not there.
    number, digest = shown.split()
    for value in (f"{number} {'0' * 12}", f"{int(number) + 7} {digest}", "1", ""):
        await delivered(office, a_click("U0FARAH", ids.SIGN_RECONCILIATION, value))
    for value in (f"{shown} 99", shown, None):
        await delivered(office, a_submission("U0FARAH", ids.MEND_PRICE_MODAL, {"value": value}, {}))
    if await kept(office) != before:
        wrong.append("a value of no button changed something")
    assert "\n".join(wrong) == ""
