"""The demo in a real browser: the whole guided tour as a newcomer clicks it, and the same by typing; desktop and phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from bot.demo_tour import TOUR
from tests.browser.acting import DESKTOP, PHONE, Opens, newest, page_overflow, types
from tests.browser.tour import clicks_through, see_a_chart, see_every_workload
from tests.support.demo import filled, running_demo

ON_BOTH = pytest.mark.parametrize(
    "viewport", [DESKTOP, pytest.param(PHONE, marks=pytest.mark.long)], ids=["desktop", "phone"]
)


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[str]:
    """A demo of its own for each test; takes the place of the sample workspace."""
    past = filled(tmp_path_factory.getbasetemp())
    with running_demo(past.copy_to(tmp_path / "state")) as demo:
        yield demo.url


@ON_BOTH
def test_a_newcomer_clicks_through_the_whole_tour(opens: Opens, viewport: ViewportSize) -> None:
    page = opens(viewport=viewport, has_touch=viewport is PHONE)
    if viewport is PHONE:
        page.get_by_test_id("tour").get_by_role("button", name="Open the tour").click()
    # The month that goes by at the end looks the same on a phone, and takes a while.
    clicks_through(page, to=len(TOUR) - (viewport is PHONE))


@ON_BOTH
def test_a_newcomer_types_instead(opens: Opens, viewport: ViewportSize) -> None:
    page = opens("U0ANA", viewport=viewport, has_touch=viewport is PHONE)
    types(page, "/budget stauts")
    expect(newest(page)).to_contain_text("Did you mean status?")
    types(page, "/budget status")
    see_every_workload(page)
    types(page, "/budget set doc-summaries")
    modal = page.get_by_test_id("modal")
    expect(modal).to_contain_text("Forecast of")
    modal.get_by_label("Owner").select_option(label="Ana Ruiz")
    modal.get_by_label("Sponsor").select_option(label="Ana Ruiz")
    amount = modal.get_by_label("Dollars a month")
    amount.fill("a lot")
    modal.get_by_test_id("modal-submit").click()
    expect(modal.get_by_test_id("field-error").filter(has_text="a lot")).to_be_visible()
    assert page_overflow(page) == 0
    amount.fill("3k")
    modal.get_by_label("Sponsor").select_option(label="Sam Whitfield")
    modal.get_by_test_id("modal-submit").click()
    expect(modal).to_have_count(0)
    expect(newest(page)).to_contain_text("has an envelope of $3,000 a month")
    newest(page).get_by_role("button", name="Status").click()
    see_a_chart(page, "of $3,000 spent")
    page.get_by_test_id("clock-1d").click()
    expect(page.get_by_test_id("clock-1d")).to_be_enabled(timeout=15_000)
    types(page, "/budget status doc-summaries")
    see_a_chart(page, "counted up to 18 ")
    assert page_overflow(page) == 0
