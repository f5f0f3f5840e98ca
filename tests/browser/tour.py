"""The whole story of the demo as a newcomer clicks it: the tour from the page opened to the signed invoice and day 30."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playwright.sync_api import Locator, Page, expect

from bot.demo_tour import TOUR
from tests.browser.acting import newest, page_overflow

MONTH_MS: Final = 120_000
"""A month of the demo's usage comes in about fifteen seconds, on a busy machine in a minute."""


def clicks_through(page: Page, *, to: int = len(TOUR)) -> None:
    """The first `to` steps, each done with its own button, what it leads to looked at and clicked."""
    tour = page.get_by_test_id("tour")
    for number, (step, look) in enumerate(zip(TOUR[:to], LOOKS[:to], strict=True), start=1):
        expect(tour).to_contain_text(f"{number} of {len(TOUR)}")
        expect(tour).to_contain_text(step["title"])
        page.get_by_test_id("tour-do").click()
        look(page)
        assert page_overflow(page) == 0, step["title"]
        page.get_by_test_id("tour-next").click()
    if to == len(TOUR):
        expect(tour).to_be_hidden()


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


def sign_as_owner(page: Page) -> None:
    sign(page)
    expect(the_comparison(page)).to_contain_text("Signed by @Ana Ruiz (owner)", timeout=15_000)


def sign_as_finance(page: Page) -> None:
    sign(page)
    expect(the_comparison(page)).to_contain_text("@Farah Haddad (finance partner)", timeout=15_000)


def sign_last(page: Page) -> None:
    sign(page)
    expect(the_comparison(page)).to_contain_text("Closed ", timeout=15_000)
    expect(the_comparison(page).get_by_role("button", name="Sign")).to_have_count(0)


def sign(page: Page) -> None:
    the_comparison(page).get_by_role("button", name="Sign").click()
    page.get_by_test_id("confirm").get_by_role("button", name="Sign").click()


def start_the_rollout(page: Page) -> None:
    modal = page.get_by_test_id("modal")
    expect(modal).to_contain_text("30 days")
    modal.get_by_test_id("modal-submit").click()
    expect(modal).to_have_count(0)
    expect(page.get_by_test_id("message").filter(has_text="week 1 of 4").last).to_be_visible(timeout=15_000)


def see_day_30(page: Page) -> None:
    final = page.get_by_test_id("message").filter(has_text="where we stand").last
    expect(final).to_contain_text("the worst case is bounded: $", timeout=MONTH_MS)
    for week in (2, 3, 4):
        expect(page.get_by_test_id("message").filter(has_text=f"week {week} of 4")).not_to_have_count(0)


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
    sign_as_owner,
    sign_as_finance,
    sign_last,
    start_the_rollout,
    see_day_30,
)
"""What each step of the tour leads to, in its order."""
