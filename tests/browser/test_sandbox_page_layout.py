"""The sandbox's page on screens of any size, with long histories, deep links, and for people who do not see it."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.acting import DESKTOP, PHONE, Opens, newest, page_overflow, types


def test_links_lead_to_a_channel_a_message_and_a_person(opens: Opens, workspace: str) -> None:
    written = httpx.post(
        f"{workspace}/_sandbox/message", json={"user": "U0KIM", "channel": "C0SEARCH", "text": "Look here"}
    ).json()["message"]
    page = opens("U0ANA", f"#/C0SEARCH/{written['ts']}")
    expect(page.locator(".message.linked")).to_contain_text("Look here")
    expect(page.get_by_role("heading", level=1)).to_contain_text("search-eng")
    page.goto(f"{workspace}/#/person/U0CHEN")
    expect(page.get_by_test_id("person-switcher")).to_contain_text("Chen Wei")


def test_dark_follows_the_system_and_the_button_overrides_it(opens: Opens) -> None:
    page = opens(color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(26, 29, 33)"
    page.get_by_test_id("theme").click()
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(background) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_wide_content_never_makes_the_page_scroll_sideways(opens: Opens, viewport: ViewportSize) -> None:
    page = opens(viewport=viewport, has_touch=viewport is PHONE)
    for command in ("/budget status", "/budget chart"):
        types(page, command)
        expect(newest(page).locator("table, svg").first).to_be_attached()
    types(page, "x" * 400)
    expect(newest(page)).to_contain_text("x" * 400)
    assert page_overflow(page) == 0
    types(page, "/budget set")
    expect(page.get_by_test_id("modal")).to_be_visible()
    assert page_overflow(page) == 0
    page.get_by_test_id("modal-close").click()


def test_on_a_phone_conversations_slide_in_and_a_thread_fills_the_screen(opens: Opens) -> None:
    page = opens(viewport=PHONE, has_touch=True)
    expect(page.get_by_test_id("channel-C0SEARCH")).to_be_hidden()
    page.get_by_test_id("menu").click()
    page.get_by_test_id("channel-C0SEARCH").click()
    expect(page.get_by_test_id("channel-C0SEARCH")).to_be_hidden()
    types(page, "A thread for a small screen")
    expect(newest(page)).to_contain_text("small screen")
    newest(page).get_by_test_id("reply").click()
    box = page.get_by_test_id("thread").bounding_box()
    assert box is not None
    assert box["width"] == PHONE["width"]


def test_a_long_history_is_windowed_and_scrolls_back_to_its_start(opens: Opens, workspace: str) -> None:
    with httpx.Client(base_url=workspace, headers={"Connection": "close"}) as client:
        for number in range(620):
            client.post(
                "/_sandbox/message", json={"user": "U0CHEN", "channel": "C0PLATFORM", "text": f"line {number}."}
            )
    page = opens("U0CHEN", "#/C0PLATFORM")
    feed = page.get_by_test_id("feed")
    expect(newest(page)).to_contain_text("line 619.")
    assert feed.get_by_test_id("message").count() <= 100
    for _ in range(60):
        if feed.get_by_text("line 0.", exact=True).count():
            break
        feed.evaluate("box => { box.scrollTop = 0 }")
        page.wait_for_timeout(60)
    expect(feed.get_by_text("line 0.", exact=True)).to_be_visible()
    assert feed.get_by_test_id("message").count() <= 300


def test_the_keyboard_alone_reaches_messages_and_what_can_be_done_with_them(opens: Opens) -> None:
    page = opens("U0BEN", "#/C0SUPPORT")
    for text in ("the first of two", "the second of two"):
        types(page, text)
        expect(newest(page)).to_contain_text(text)
    page.get_by_test_id("feed").focus()
    for _ in page.locator(".starter").all():
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(newest(page)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("article:focus")).to_contain_text("the first of two")
    page.keyboard.press("Tab")
    expect(page.locator("article:focus-within button:focus")).to_have_attribute("aria-label", "Reply in thread")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("reply-input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("article:focus")).to_contain_text("the first of two")


def test_every_picture_and_control_has_a_name(opens: Opens) -> None:
    page = opens()
    for command in ("/budget alert", "/budget chart"):
        types(page, command)
        page.wait_for_timeout(300)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, textarea, a, img')].filter((node) =>
          !(node.innerText || node.textContent || '').trim() && !node.getAttribute('aria-label') && !node.labels?.length &&
          node.getAttribute('alt') === null).map((node) => node.outerHTML)"""
    )
    assert nameless == []


def test_nothing_is_fetched_from_elsewhere_and_no_script_is_inline() -> None:
    page = Path(__file__).parents[2] / "sandbox" / "page"
    for asset in [*page.rglob("*.js"), *page.rglob("*.css"), *page.rglob("*.html")]:
        text = asset.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), asset
        assert not re.search(r"""(src|href|url\(|from|import)\s*[=(]?\s*["'(]https?://""", text), asset
        assert len(text.splitlines()) < 300, asset
