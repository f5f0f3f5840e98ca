"""`python -m tests.browser.gallery [SCENE …]`: takes the pictures of docs/gallery, or those of some scenes.

Each scene happens once, in a real demo, and four pages look at it: light and dark, desktop and phone.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from PIL import Image, ImageChops
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from sandbox.people import Person
from tests.browser.conftest import CHROMIUM
from tests.browser.scenes import FIRST_STEPS, SCENES, Scene
from tests.browser.scenes_breach import BREACHES
from tests.support.demo import filled, running_demo
from tests.support.office import open_office

GALLERY: Final = Path(__file__).parents[2] / "docs" / "gallery"
WIDTHS: Final = {"desktop": 1280, "phone": 390}
SCHEMES: Final = ("light", "dark")
HEIGHT: Final = 2_600
"""Tall enough for the longest message, so that no picture is cut."""
COLOURS: Final = 48
MARGIN: Final = 24
PAGE: Final = "page"
HOME: Final = "home"
PATIENCE_MS: Final = 30_000
ALL: Final = (*SCENES, *BREACHES, FIRST_STEPS)
NATURAL_HEIGHT: Final = """(dialog) => {
    const body = dialog.querySelector(".dialog-body");
    return dialog.querySelector(".dialog-head").offsetHeight + body.scrollHeight - body.clientHeight +
        [...body.children].reduce((sum, child) => Math.max(sum, child.offsetTop + child.offsetHeight), 0) - body.offsetTop +
        dialog.querySelector(".dialog-foot").offsetHeight + 40;
}"""


class Studio:
    """Four pages on one workspace."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.pages: dict[str, Page] = {}
        self._contexts: list[BrowserContext] = []
        # Playwright's own event loop occupies this thread.
        self._people = ThreadPoolExecutor(1)
        for device, width in WIDTHS.items():
            for scheme in SCHEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, has_touch=device == "phone",
                    device_scale_factor=1.5,
                )  # fmt: skip
                context.add_init_script("localStorage.setItem('sandbox.tour', JSON.stringify({ over: true }))")
                self._contexts.append(context)
                self.pages[f"{device}-{scheme}"] = context.new_page()

    def take(self, scene: Scene, *, pictures: bool = True) -> None:
        """Plays the scene and saves its four pictures; without `pictures` it only happens, for the scenes after it."""
        for _ in range(scene.days):
            # Usage of more than a day ahead of the clock is refused, so time passes day by day.
            self._post("clock", {"advance": "1d"})
        user = f"U0{scene.who.upper()}"
        where = f"D0{scene.who.upper()}" if scene.where in ("dm", HOME) else scene.where
        route = HOME if scene.where == HOME else where
        for fault in scene.faults:
            self._post("faults", [fault])
        for page in self.pages.values() if pictures else ():
            page.goto(f"{self.url}/?as={user}#/{route}")
            expect(page.get_by_test_id("home" if route == HOME else "composer-input")).to_be_attached()
        # Somebody else speaks in between, so that the answer has its head and does not continue the one before.
        speaker = "U0KIM" if scene.who == "sam" else "U0SAM"
        if scene.where != HOME:
            self._post("message", {"user": user if scene.where == "dm" else speaker, "channel": where, "text": "…"})
        for person, words in scene.before:
            self._command(person, "C0BUDGET", words)
        if scene.clock:
            self._post("clock", {"advance": scene.clock})
        if scene.command is not None:
            self._command(scene.who, scene.where, scene.command)
        self._people.submit(asyncio.run, self._acts(scene)).result()
        for mode, page in self.pages.items() if pictures else ():
            save(page, self._subject(page, scene), GALLERY / f"{scene.name}-{mode}.png")
        if scene.modal:
            self._people.submit(asyncio.run, Person(self.url, user).closes()).result()

    def take_page(self) -> None:
        """The whole page, as a newcomer opens it."""
        for mode, page in self.pages.items():
            page.goto(f"{self.url}/?as=U0ANA#/C0BUDGET")
            page.evaluate("localStorage.removeItem('sandbox.tour')")
            page.set_viewport_size({"width": WIDTHS[device_of(page)], "height": 800})
            page.add_init_script("localStorage.removeItem('sandbox.tour')")
            page.reload()
            expect(page.get_by_test_id("tour")).to_be_visible()
            page.get_by_test_id("tour-do").click()
            expect(page.get_by_test_id("feed").get_by_test_id("data-table")).to_be_visible()
            expect(page.locator("[data-testid=tour-next].primary")).to_be_visible()
            page.mouse.move(0, 0)
            compress(page.screenshot(animations="disabled"), GALLERY / f"{PAGE}-{mode}.png", colours=None)
            page.add_init_script("localStorage.setItem('sandbox.tour', JSON.stringify({ over: true }))")

    def _subject(self, page: Page, scene: Scene) -> Locator:
        if scene.modal:
            modal = page.get_by_test_id("modal")
            for label, value in scene.typed.items():
                enter(modal.get_by_label(label), value)
            if scene.typed:
                modal.get_by_test_id("modal-submit").click()
            expect(modal).to_contain_text(scene.waits_for)
            page.evaluate("document.activeElement?.blur()")
            if device_of(page) == "phone":
                # There a modal fills the screen: one that is as high as the form leaves nothing empty.
                page.set_viewport_size(
                    {"width": WIDTHS[device_of(page)], "height": int(modal.evaluate(NATURAL_HEIGHT))}
                )
            return modal
        if scene.where == HOME:
            home = page.locator(".home-content")
            expect(home).to_contain_text(scene.waits_for)
            page.locator(".home-tools").evaluate("(tools) => tools.remove()")
            home.evaluate("(content) => { content.style.padding = '24px'; }")
            return home
        message = page.get_by_test_id("feed").get_by_test_id("message").filter(has_text=scene.waits_for).last
        expect(message).to_be_visible()
        for picture in message.locator("img.block-image, .block img").all():
            picture.evaluate("(image) => image.decode?.()")
        if scene.opens:
            message.get_by_test_id(f"action-{scene.opens}").last.click()
        return message

    async def _acts(self, scene: Scene) -> None:
        user = Person(self.url, f"U0{scene.who.upper()}", channel=scene.where)
        if scene.where == HOME:
            await user.opens_home()
        if scene.command is None:
            # What came just before is shown a moment later, and a message or a page that is redrawn cannot be taken.
            await asyncio.sleep(2)
        if scene.click:
            name, _, label = scene.click.rpartition(":")
            actor = Person(self.url, f"U0{name.upper()}") if name else user
            if name or scene.where == "dm":
                await actor.sees(label, channel="dm")
            await actor.clicks(label)
        values = dict(scene.values)
        if scene.sample:
            values[scene.sample] = [await self._sample(user)]
        if values or scene.submits:
            done = await user.submits(values)
            assert not done.errors, done.errors
            if done.views:
                # What the form shows in the end is in nobody's way afterwards.
                await user.closes()
        if scene.where == "dm" and not scene.modal:
            await user.sees(scene.waits_for, channel="dm")

    async def _sample(self, person: Person) -> str:
        """The first file that the demo offers, uploaded; its id. It may take the demo some seconds to make."""
        async with httpx.AsyncClient(base_url=f"{self.url}/_sandbox/", timeout=120) as client:
            while not (offered := (await client.get("samples")).json()["samples"]):
                await asyncio.sleep(1)
            taken = await client.post("sample", json={"user": person.user_id, "name": offered[0]["name"]})
            return str(taken.json()["file_id"])

    def _command(self, who: str, where: str, words: str) -> None:
        self._post("command", {"user": f"U0{who.upper()}", "channel": where, "command": "/budget", "text": words})

    def _post(self, what: str, body: Any) -> None:
        answer = httpx.post(f"{self.url}/_sandbox/{what}", json=body, timeout=120).json()
        assert answer["ok"], answer

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        self._people.shutdown()


def device_of(page: Page) -> str:
    assert page.viewport_size is not None
    return next(device for device, width in WIDTHS.items() if width == page.viewport_size["width"])


def enter(field: Locator, value: str) -> None:
    if field.evaluate("(node) => node.tagName === 'SELECT'"):
        field.select_option(label=value)
    else:
        field.fill(value)


def save(page: Page, subject: Locator, path: Path) -> None:
    page.mouse.move(0, 0)
    compress(subject.screenshot(animations="disabled"), path)
    page.set_viewport_size({"width": WIDTHS[device_of(page)], "height": HEIGHT})


def compress(png: bytes, path: Path, *, colours: int | None = COLOURS) -> None:
    """Without the empty right side. For a message a small palette is enough for text and charts, and a third of the size."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    background = picture.getpixel((picture.width - 1, picture.height // 2))
    drawn = ImageChops.difference(picture, Image.new("RGB", picture.size, background)).getbbox()
    right = min(picture.width, drawn[2] + MARGIN) if drawn else picture.width
    cropped = picture.crop((0, 0, right, picture.height))
    if colours is not None:
        cropped = cropped.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    cropped.save(path, optimize=True)


@contextmanager
def empty_workspace() -> Iterator[str]:
    """The bot without any usage, on its own thread: the browser is driven from this one."""
    ready: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run(folder: Path) -> None:
        async with open_office(folder, usage=False) as office:
            ready.set_result(office.box.url)
            await stop.wait()

    with tempfile.TemporaryDirectory() as folder:
        thread = threading.Thread(target=loop.run_until_complete, args=(run(Path(folder)),))
        thread.start()
        try:
            yield ready.result(timeout=20)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(timeout=20)
            loop.close()


def write_index() -> None:
    lines = [
        "# Gallery",
        "",
        "Every kind of message that Outlay has, taken from a running demo by `python -m tests.browser.gallery`. Each in light",
        "and dark, on a desktop and on a phone.",
        "",
    ]
    for name, title in [
        (PAGE, "The workspace of `make demo`"),
        *((scene.name, scene.title) for scene in ALL),
    ]:
        others = [f"{device}-{scheme}" for device in WIDTHS for scheme in SCHEMES][1:]
        links = " · ".join(f"[{mode.replace('-', ', ')}]({name}-{mode}.png)" for mode in others)
        lines += [f"## {title}", "", f"![{title.replace('`', '')}]({name}-desktop-light.png)", "", links, ""]
    (GALLERY / "README.md").write_text("\n".join(lines))


def tell(browser: Browser, story: Sequence[Scene], state: Path, wanted: set[str]) -> None:
    """Plays a story in a demo that keeps its state in a folder, as far as the last scene that is wanted."""
    last = max((place for place, scene in enumerate(story, 1) if scene.name in wanted), default=0)
    takes_page = story is SCENES and PAGE in wanted
    if not last and not takes_page:
        return
    with running_demo(state) as demo:
        studio = Studio(browser, demo.url)
        if takes_page:
            studio.take_page()
        for scene in story[:last]:
            studio.take(scene, pictures=scene.name in wanted)
            print(scene.name, flush=True)
        studio.close()


def main() -> None:
    known = {PAGE, *(scene.name for scene in ALL)}
    wanted = set(sys.argv[1:]) or known
    if unknown := wanted - known:
        raise SystemExit(f"There is no scene {', '.join(sorted(unknown))}.")
    GALLERY.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        if wanted - {FIRST_STEPS.name}:
            past = filled(Path(folder))
            for number, story in enumerate((SCENES, BREACHES)):
                tell(browser, story, past.copy_to(Path(folder) / f"story-{number}"), wanted)
        if FIRST_STEPS.name in wanted:
            with empty_workspace() as url:
                studio = Studio(browser, url)
                studio.take(FIRST_STEPS)
                studio.close()
        browser.close()
    write_index()


if __name__ == "__main__":
    main()
