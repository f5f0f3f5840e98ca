"""Story: the finance partner claims spend that nobody has claimed, until nothing is left."""

from __future__ import annotations

import pytest

from sandbox.people import CannotDo
from tests.support.office import Office


async def test_finance_claims_what_nobody_has_claimed(office: Office):
    farah, kim = office.farah, office.kim
    assert "is unattributed. <@U0FARAH> owns it" in (await kim.types("/budget status")).text
    assert "0% of the dollars are attributed" in (await farah.types("/budget spend by workload")).text

    preview = await farah.types("/budget workload add search feature=search")
    assert "Nothing has been added yet" in preview.text
    assert "feature=search" not in (await kim.types("/budget workload list")).text
    added = await farah.clicks("Add and re-attribute this cycle")
    assert "moved here from unattributed" in added.text
    assert "50% of the dollars are attributed" in (await farah.types("/budget spend by workload")).text

    await farah.types("/budget workload add support feature=support")
    await farah.clicks("Add and re-attribute this cycle")
    assert "Every dollar is attributed to a workload." in (await farah.types("/budget spend by workload")).text
    assert "is unattributed" not in (await kim.types("/budget status")).text
    audit = (await farah.types("/budget audit search")).text
    assert "re-attributed usage" in audit
    assert "The chain is whole" in audit


async def test_a_rule_without_the_move_leaves_this_month_as_it_is(office: Office):
    await office.farah.types("/budget workload add search feature=search")
    await office.farah.clicks("Add rule")
    assert "0% of the dollars are attributed" in (await office.farah.types("/budget spend by workload")).text


async def test_a_preview_that_was_used_cannot_be_used_again(office: Office):
    preview = await office.farah.types("/budget workload add search feature=search")
    await office.farah.clicks("Add rule", message=preview.message)
    with pytest.raises(CannotDo):
        await office.farah.clicks("Add and re-attribute this cycle")
