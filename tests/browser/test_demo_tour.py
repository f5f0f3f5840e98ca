"""The demo in a real browser: the whole guided tour as a newcomer clicks it, and the same by typing; desktop and phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from bot.demo_tour import TOUR
from tests.browser.acting import DESKTOP, PHONE, Opens, newest, page_overflow, types
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
    tour = page.get_by_test_id("tour")
    if viewport is PHONE:
        tour.get_by_role("button", name="Open the tour").click()
    for number, (step, look) in enumerate(zip(TOUR, LOOKS, strict=True), start=1):
        expect(tour).to_contain_text(f"{number} of {len(TOUR)}")
        expect(tour).to_contain_text(step["title"])
        page.get_by_test_id("tour-do").click()
        look(page)
        assert page_overflow(page) == 0, step["title"]
        page.get_by_test_id("tour-next").click()
    expect(tour).to_be_hidden()


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


def see_every_workload(page: Page) -> None:
    table = newest(page).get_by_test_id("data-table")
    expect(table.locator("tbody tr")).to_have_count(11)
    expect(table).to_contain_text("search-answers")


def see_a_chart(page: Page, words: str, *, kind: str = "Burn-up") -> None:
    expect(newest(page)).to_contain_text(words)
    picture = newest(page).locator(f"img[alt^='{kind}']")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 800


def see_one_workload(page: Page) -> None:
    see_a_chart(page, "search-answers")


def see_the_forecast(page: Page) -> None:
    expect(newest(page)).to_contain_text("chance")
    see_a_chart(page, "search-answers", kind="Fan chart")


def see_the_causes(page: Page) -> None:
    expect(newest(page)).to_contain_text("volume")
    see_a_chart(page, "search-answers", kind="Waterfall")


def see_a_trial(page: Page) -> None:
    expect(newest(page)).to_contain_text("tokenizers differ")
    expect(newest(page).get_by_role("button", name="Save as plan")).to_be_visible()


def see_the_environments(page: Page) -> None:
    expect(newest(page).get_by_test_id("data-table")).to_contain_text("prodution")


def claim(page: Page) -> None:
    newest(page).get_by_role("button", name="Add and re-attribute this cycle").click()
    page.get_by_test_id("confirm").get_by_role("button", name="Add and move").click()
    expect(newest(page)).to_contain_text("moved here from unattributed")


def see_the_envelope(page: Page) -> None:
    expect(newest(page)).to_contain_text("translation has an envelope of $2,000 a month")


def see_it_wait(page: Page) -> None:
    expect(newest(page)).to_contain_text("waits for @Sam Whitfield")


def approve(page: Page) -> None:
    newest(page).get_by_role("button", name="Approve").click()
    page.get_by_test_id("confirm").get_by_role("button", name="Approve").click()
    expect(newest(page)).to_contain_text("approved by @Sam Whitfield")
    expect(newest(page).get_by_role("button", name="Approve")).to_have_count(0)


def see_the_alarm(page: Page) -> None:
    expect(newest(page)).to_contain_text("research-agent", timeout=20_000)


def see_the_breach(page: Page) -> None:
    expect(newest(page)).to_contain_text("is past its hard threshold", timeout=20_000)


def grant(page: Page) -> None:
    newest(page).get_by_role("button", name="Grant more…").click()
    modal = page.get_by_test_id("modal")
    modal.get_by_label("Amount").fill("2k")
    modal.get_by_label("Reason").fill("The loop is mended; the month has to end")
    modal.get_by_test_id("modal-submit").click()
    expect(modal).to_contain_text("granted $2,000")
    assert page_overflow(page) == 0
    modal.get_by_role("button", name="Done").click()
    expect(newest(page)).to_contain_text("@Sam Whitfield granted $2,000")


def see_the_chain(page: Page) -> None:
    expect(newest(page)).to_contain_text("The chain is whole")
    expect(newest(page).get_by_test_id("data-table")).to_contain_text("re-attributed usage")


def compare_the_invoice(page: Page) -> None:
    modal = page.get_by_test_id("modal")
    modal.get_by_role("button", name="Use openai-").click()
    expect(modal.get_by_role("button", name="Remove openai-")).to_be_visible()
    assert page_overflow(page) == 0
    modal.get_by_test_id("modal-submit").click()
    head = the_comparison(page)
    expect(head).to_contain_text("3 causes named; nothing is left", timeout=30_000)
    for cause in ("Tax", "Another price", "Usage outside of the books"):
        expect(head).to_contain_text(cause)
    expect(head.locator("img[alt^='Waterfall']")).to_be_visible()


def sign_it(page: Page) -> None:
    the_comparison(page).get_by_role("button", name="Sign").click()
    page.get_by_test_id("confirm").get_by_role("button", name="Sign").click()
    expect(the_comparison(page)).to_contain_text("Signed by @Ana Ruiz (owner)", timeout=15_000)


def the_comparison(page: Page) -> Locator:
    return page.get_by_test_id("message").filter(has_text="invoice against estimate").last


LOOKS: tuple[Callable[[Page], None], ...] = (
    see_every_workload,
    see_one_workload,
    see_the_forecast,
    see_the_causes,
    see_a_trial,
    see_the_environments,
    claim,
    see_the_envelope,
    see_it_wait,
    approve,
    see_the_alarm,
    see_the_breach,
    grant,
    see_the_chain,
    compare_the_invoice,
    sign_it,
)
"""What each step of the tour leads to, in its order."""
