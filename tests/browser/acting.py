"""What the tests of the page do and look at, in few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playwright.sync_api import Locator, Page, ViewportSize

Opens = Callable[..., Page]
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_MS: Final = 20_000
"""Longest wait for what has to appear; what is there is seen at once. Playwright's own 5 s are too short beside two other workers."""


def types(page: Page, text: str) -> None:
    field = page.get_by_test_id("composer-input")
    field.fill(text)
    field.press("Enter")


def newest(page: Page) -> Locator:
    return page.get_by_test_id("feed").get_by_test_id("message").last


def column(table: Locator, at: int) -> list[str]:
    return [row.locator("th, td").nth(at).inner_text() for row in table.locator("tbody tr").all()]


def page_overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
