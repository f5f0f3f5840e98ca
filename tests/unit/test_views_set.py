"""`/budget set`: the modal and how its fields are read, and the answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.slack import ids
from bot.slack.views.envelope import order_from_view, set_message, set_modal
from bot.slack.views.set_form import exact, percent
from core.change_request import SetOrder
from core.degradation import Degradation
from core.envelope import Envelope, Terms
from core.money import parse_amount
from core.services.envelope_defaults import Defaults
from core.services.manage_envelopes import SetOutcome
from core.services.suggest_envelope import Proposal
from core.workload import UNATTRIBUTED
from tests.support.shown import buttons, refused, refused_view, words
from tests.support.standings import ANA, DANA, FARAH, HOSTILE, NOVEMBER, SAM, a_request, an_envelope, dollars, people

MAIN = [ids.BLOCK_WORKLOAD, ids.BLOCK_AMOUNT, ids.BLOCK_OWNER, ids.BLOCK_FINANCE, ids.BLOCK_SPONSOR]
OPTIONAL = [
    ids.BLOCK_CHANNEL, ids.BLOCK_SOFT, ids.BLOCK_HARD, ids.BLOCK_MARGIN, ids.BLOCK_HOLDBACK, ids.BLOCK_DEGRADE, ids.BLOCK_QUIET,
    ids.BLOCK_DEPUTY,
]  # fmt: skip


def a_proposal(workload: str | None = "search-answers", envelope: Envelope | None = None, **changes: Any) -> Proposal:
    values: dict[str, Any] = {
        "workload": workload,
        "envelope": envelope,
        "suggested_nanos": dollars(4300),
        "basis": "Last month's spend of $3,583 plus 20% margin.",
        "names": ("chat", "search-answers"),
        "defaults": Defaults(FARAH, "C0BUDGET"),
    }
    return Proposal(**values | changes)


def inputs(view: dict) -> dict[str, dict]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def initial(view: dict, block: str) -> str | None:
    element = inputs(view)[block]["element"]
    option = element.get("initial_option") or {}
    return (
        element.get("initial_value") or element.get("initial_user") or element.get("initial_conversation") or option.get("value")
    )  # fmt: skip


def filled_in(view: dict, **typed: str | None) -> dict:
    """The view's state as Slack delivers it: initial values, with `typed` in place of some, by the block's short name."""
    values: dict[str, dict] = {}
    for block, shown in inputs(view).items():
        element = shown["element"]
        value = typed.get(block.removeprefix("set_"), initial(view, block))
        kind = element["type"]
        key = {
            "plain_text_input": "value",
            "users_select": "selected_user",
            "conversations_select": "selected_conversation",
        }.get(kind)
        held = {key: value} if key else {"selected_option": {"value": value} if value else None}
        values[block] = {element["action_id"]: {"type": kind, **held}}
    return {"values": values}


def order_of(view: dict, **typed: str | None) -> tuple[SetOrder, dict[str, str]]:
    return order_from_view(filled_in(view, **typed), view["private_metadata"])


class TestModal:
    def test_it_asks_five_things_and_offers_more_behind_one_button(self):
        view = set_modal(a_proposal())
        assert list(inputs(view)) == MAIN
        assert buttons(view) == {"More options": (ids.MORE_OPTIONS, "")}
        assert not refused_view(view)

    def test_more_options_show_the_rest_and_no_button(self):
        view = set_modal(a_proposal(), more=True)
        assert list(inputs(view)) == MAIN + OPTIONAL
        assert not buttons(view)
        assert all(inputs(view)[block]["optional"] for block in OPTIONAL)
        assert not refused_view(view)

    def test_a_new_envelope_starts_from_the_suggestion_with_its_basis(self):
        view = set_modal(a_proposal())
        assert initial(view, ids.BLOCK_AMOUNT) == "4,300"
        assert inputs(view)[ids.BLOCK_AMOUNT]["hint"]["text"] == "Last month's spend of $3,583 plus 20% margin."
        assert initial(view, ids.BLOCK_FINANCE) == FARAH

    def test_an_existing_envelope_starts_from_what_it_is_and_tells_the_suggestion(self):
        view = set_modal(a_proposal(envelope=an_envelope(4000.5)), more=True)
        assert initial(view, ids.BLOCK_AMOUNT) == "4,000.50"
        assert inputs(view)[ids.BLOCK_AMOUNT]["hint"]["text"].startswith("Suggested: $4,300.")
        assert [initial(view, block) for block in MAIN[2:]] == [ANA, FARAH, SAM]
        assert initial(view, ids.BLOCK_SOFT) == "80%"

    def test_the_options_of_a_new_envelope_show_what_it_would_get_anyway(self):
        view, defaults = set_modal(a_proposal(), more=True), Terms(people())
        shown = [
            initial(view, block) for block in (ids.BLOCK_SOFT, ids.BLOCK_HARD, ids.BLOCK_MARGIN, ids.BLOCK_HOLDBACK)
        ]
        assert shown == [
            percent(part) for part in (defaults.soft_share, defaults.hard_share, defaults.margin, defaults.holdback)
        ]

    def test_what_was_typed_goes_before_everything_else(self):
        view = set_modal(
            a_proposal(envelope=an_envelope()), order=SetOrder("search-answers", nanos=dollars(77), sponsor=DANA)
        )
        assert initial(view, ids.BLOCK_AMOUNT) == "77"
        assert initial(view, ids.BLOCK_SPONSOR) == DANA

    def test_an_option_that_was_typed_is_never_hidden(self):
        assert (
            initial(set_modal(a_proposal(), order=SetOrder("search-answers", soft_share=0.7)), ids.BLOCK_SOFT) == "70%"
        )

    def test_another_workload_gets_other_action_ids_so_that_slack_takes_its_values(self):
        before, after = set_modal(a_proposal("chat")), set_modal(a_proposal("search-answers"))
        assert list(inputs(before)) == list(inputs(after))
        action_ids = [inputs(view)[ids.BLOCK_AMOUNT]["element"]["action_id"] for view in (before, after)]
        assert action_ids[0] != action_ids[1]

    def test_more_options_keep_the_action_ids_so_that_slack_keeps_what_was_typed(self):
        short, long = set_modal(a_proposal()), set_modal(a_proposal(), more=True)
        for block in MAIN:
            assert inputs(short)[block]["element"]["action_id"] == inputs(long)[block]["element"]["action_id"]

    def test_the_existing_workloads_are_offered_with_a_new_one_last(self):
        options = [
            option["value"] for option in inputs(set_modal(a_proposal(None)))[ids.BLOCK_WORKLOAD]["element"]["options"]
        ]
        assert options == ["chat", "search-answers", ids.NEW_WORKLOAD]

    def test_a_new_name_is_asked_in_words(self):
        for proposal, naming in (
            (a_proposal(None, names=()), False),
            (a_proposal(None), True),
            (a_proposal("brand-new"), False),
        ):
            view = set_modal(proposal, naming=naming)
            assert inputs(view)[ids.BLOCK_WORKLOAD]["element"]["type"] == "plain_text_input"
            assert not refused_view(view)

    def test_unattributed_is_no_new_workload(self):
        view = set_modal(a_proposal(UNATTRIBUTED))
        assert initial(view, ids.BLOCK_WORKLOAD) == UNATTRIBUTED

    def test_a_thousand_workloads_fit_and_the_rest_is_counted(self):
        names = tuple(f"workload-{place}" for place in range(1000))
        view = set_modal(a_proposal("workload-999", names=names))
        assert not refused_view(view)
        assert initial(view, ids.BLOCK_WORKLOAD) == "workload-999"
        assert "901 more exist" in inputs(view)[ids.BLOCK_WORKLOAD]["hint"]["text"]

    def test_the_metadata_carries_what_was_seen(self):
        seen = json.loads(set_modal(a_proposal(envelope=an_envelope(revision=9)))["private_metadata"])
        assert (seen["workload"], seen["revision"]) == ("search-answers", 9)

    @pytest.mark.parametrize(
        "nanos", [1, dollars(0.5), dollars(4000), dollars(4000.5), dollars(1234567.891234567), 10**18]
    )
    def test_an_amount_to_edit_reads_back_exactly(self, nanos: int):
        assert parse_amount(exact(nanos)) == nanos


class TestOrder:
    def test_an_untouched_form_of_an_existing_envelope_asks_for_what_is(self):
        envelope = an_envelope(4000.5, holdback=0.05, degrade=Degradation.parse("stop"), people=people(deputy=DANA))
        order, errors = order_of(set_modal(a_proposal(envelope=envelope), more=True))
        assert not errors
        assert order == SetOrder(
            "search-answers", dollars(4000.5), ANA, FARAH, SAM, DANA, "C0SEARCH", 0.8, 1.0, 0.2, 0.05, "stop", None, 3
        )  # fmt: skip

    def test_fields_that_are_not_shown_change_nothing(self):
        order, _ = order_of(set_modal(a_proposal()), owner=ANA, sponsor=SAM)
        assert (order.channel, order.soft_share, order.degrade, order.deputy) == (None, None, None, None)

    def test_a_workload_picked_instead_was_not_seen_in_any_revision(self):
        order, errors = order_of(set_modal(a_proposal(envelope=an_envelope())), workload="chat")
        assert (order.workload, order.seen_revision, errors) == ("chat", None, {})

    def test_a_new_name_is_kept_as_workload_names_are(self):
        order, errors = order_of(
            set_modal(a_proposal(None), naming=True), workload="Doc Summaries", owner=ANA, sponsor=SAM
        )
        assert (order.workload, errors) == ("doc-summaries", {})

    @pytest.mark.parametrize(
        ("field", "typed", "says"),
        [
            ("amount", "4,00", "two ways"),
            ("amount", "-5", "more than $0"),
            ("amount", "€40", "USD"),
            ("amount", "lots", "not an amount"),
            ("soft", "120%", "outside 1%–100%"),
            ("soft", "often", "not a share"),
            ("hard", "70%", "below the hard one"),
            ("hard", "900%", "outside 1%–200%"),
            ("margin", "999%", "outside 0%–500%"),
            ("holdback", "80%", "outside 0%–50%"),
            ("degrade", "throttle=none", "not a throttle"),
            ("sponsor", ANA, "cannot be the owner"),
            ("deputy", ANA, "cannot be the owner"),
        ],
    )
    def test_a_mistake_is_said_at_its_own_field(self, field: str, typed: str, says: str):
        _, errors = order_of(set_modal(a_proposal(envelope=an_envelope()), more=True), **{field: typed})
        assert list(errors) == [f"set_{field}"]
        assert says in errors[f"set_{field}"]

    def test_a_bad_new_name_is_said_at_the_name(self):
        _, errors = order_of(set_modal(a_proposal(None), naming=True), workload="<!channel>", owner=ANA, sponsor=SAM)
        assert list(errors) == [ids.BLOCK_WORKLOAD]

    @pytest.mark.parametrize("picked", [None, ids.NEW_WORKLOAD])
    def test_no_workload_is_said_at_the_choice(self, picked: str | None):
        _, errors = order_of(set_modal(a_proposal(None)), workload=picked)
        assert "Choose a workload" in errors[ids.BLOCK_WORKLOAD]

    def test_several_mistakes_are_said_at_once(self):
        _, errors = order_of(
            set_modal(a_proposal(envelope=an_envelope()), more=True), amount="x", soft="y", degrade="a b"
        )
        assert set(errors) == {ids.BLOCK_AMOUNT, ids.BLOCK_SOFT, ids.BLOCK_DEGRADE}


class TestAnswer:
    OPENED = SetOutcome(an_envelope(), None, None, dollars(3210), NOVEMBER, ())

    def test_a_new_envelope_is_told_with_money_people_and_thresholds(self):
        shown = set_message(self.OPENED)
        assert shown["text"] == "*search-answers* has an envelope of *$4,000* a month, from November 2026 on."
        said = words(shown["blocks"])
        assert "Spent in November 2026 so far: *$3,210* (80% of it)." in said
        assert "sponsor <@U0SAM>" in said and "80% = $3,200" in said
        assert buttons(shown)["Status"] == (ids.SHOW_STATUS, "search-answers")
        assert not refused(shown)

    def test_a_change_says_each_difference(self):
        after = an_envelope(3500, soft_share=0.7, people=people(finance=DANA))
        text = set_message(replace(self.OPENED, before=an_envelope(), envelope=after))["text"]
        assert "size from $4,000 a month to *$3,500 a month*" in text
        assert "soft threshold from 80% to *70%*" in text
        assert "finance partner from <@U0FARAH> to *<@U0DANA>*" in text

    def test_nothing_changed_is_said(self):
        assert "Nothing was changed." in set_message(replace(self.OPENED, before=an_envelope()))["text"]

    def test_a_raise_waits_and_the_old_amount_holds(self):
        shown = set_message(replace(self.OPENED, before=an_envelope(), request=a_request()))
        assert shown["text"] == (
            "*search-answers*: the change (raise from $4,000 to $5,000) waits for <@U0SAM>. "
            "Until then the envelope stays at $4,000 a month."
        )
        assert not refused(shown)

    def test_notes_keep_their_mentions_and_nothing_else(self):
        said = words(set_message(replace(self.OPENED, notes=("Ask <@U0SAM>, not <!channel>.",)))["blocks"])
        assert "Ask <@U0SAM>, not &lt;!channel&gt;." in said

    @pytest.mark.parametrize("typed", HOSTILE)
    def test_a_hostile_name_breaks_nothing(self, typed: str):
        envelope = an_envelope(workload=typed)
        assert not refused(set_message(replace(self.OPENED, envelope=envelope, notes=(typed,))))
        assert not refused(set_message(replace(self.OPENED, request=a_request(workload=typed, loosenings=(typed,)))))
        name = typed[:60]  # longer ones cannot exist, and a cut name in a choice would be another workload
        assert not refused_view(set_modal(a_proposal(name, envelope, names=(name,), basis=typed), more=True))
