// A list of messages that stays quick however long it is: only a window of it is in the document.

import { dayKey, dayTitle, instantOf } from "./dates.js";
import { h, icon } from "./dom.js";
import { renderMessage } from "./message.js";
import { position } from "./store.js";

const STEP = 100;
const MOST = 300;
const NEAR_EDGE_PX = 500;
const GROUP_SECONDS = 300;
const HEAD_ROOM_PX = 16;

export class Feed {
  /** `read` gives the messages, oldest first; `older` fetches more before them until the list `isWhole`. `foreword` is shown above the first. */
  constructor({ label, read, inThread = false, foreword = null, onseen = () => {}, older = async () => false, isWhole = () => true }) {
    Object.assign(this, { read, inThread, foreword, onseen, older, isWhole, fetching: false, asked: null });
    this.list = [];
    this.start = 0;
    this.end = 0;
    this.newFrom = null;
    this.rows = new Map();
    this.content = h("div", { class: "feed-content" });
    this.scroller = h("div", { class: "feed", tabindex: "0", role: "region", "aria-label": label, "data-testid": inThread ? "thread-feed" : "feed" }, this.content);
    this.jump = h("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toNewest() }, icon("down"), h("span", {}, "Newest messages"));
    this.node = h("div", { class: "feed-holder" }, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    for (const gesture of ["wheel", "touchmove", "pointerdown", "keydown"]) this.scroller.addEventListener(gesture, () => { this.touched = true; }, { passive: true });
    this.content.addEventListener("keydown", (event) => this.moveFocus(event));
    this.content.addEventListener("focusin", (event) => this.onFocus(event));
    // Pictures and charts grow after they were drawn: whoever reads the newest message keeps reading it.
    new ResizeObserver(() => this.pinned && this.scrollDown()).observe(this.content);
    new ResizeObserver(() => this.pinned && this.scrollDown()).observe(this.scroller);
    this.pinned = true;
    this.touched = false;
    this.lastTop = 0;
  }

  /** Shows the newest messages, or those around `ts`. `newFrom` is the first message not read yet. */
  show({ ts = null, newFrom = null } = {}) {
    this.list = this.read();
    this.newFrom = newFrom;
    const at = ts ? position(this.list, ts) : this.list.length;
    const linked = ts && this.list[at]?.ts === ts;
    this.end = Math.min(this.list.length, linked ? at + STEP / 2 : this.list.length);
    this.start = Math.max(0, this.end - STEP);
    this.pinned = !linked;
    this.touched = false;
    this.draw();
    if (linked) this.point(ts);
    else this.scrollDown();
  }

  toNewest() {
    this.show();
    this.focusable(this.content.lastElementChild);
  }

  point(ts) {
    const row = this.content.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    row.classList.add("linked");
    row.focus({ preventScroll: true });
  }

  /** Takes in what changed; `ts` names a message to draw anew. */
  refresh(ts = null) {
    if (ts) this.rows.delete(ts);
    // Many changes at once are drawn once; a page in the background draws when it is looked at.
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      this.takeIn();
    });
  }

  takeIn() {
    const before = this.list.length;
    const followed = this.end >= before;
    this.list = this.read();
    if (followed) this.end = this.list.length;
    this.end = Math.min(this.end, this.list.length);
    this.start = Math.min(this.start, Math.max(0, this.end - 1));
    if (this.list.length > before) this.touched = false;
    if (this.pinned && this.end - this.start > STEP + STEP / 2) this.start = this.end - STEP;
    this.draw();
    if (this.pinned) this.scrollDown();
    else if (this.list.length > before) this.jump.classList.add("fresh");
  }

  /** Rebuilds the window, keeping rows that are there already and the place the person is looking at. */
  draw() {
    const anchor = this.pinned ? null : this.anchor();
    const wanted = [];
    if (this.start === 0 && this.foreword && this.isWhole()) wanted.push(this.foreword);
    for (let at = this.start; at < this.end; at += 1) this.rowsAt(at, wanted);
    const keep = new Set(wanted);
    for (const child of [...this.content.children]) if (!keep.has(child)) child.remove();
    wanted.forEach((node, at) => {
      if (this.content.children[at] !== node) this.content.insertBefore(node, this.content.children[at] ?? null);
    });
    const kept = new Set(this.list.slice(this.start, this.end).map((message) => message.ts));
    for (const ts of [...this.rows.keys()]) if (!kept.has(ts)) this.rows.delete(ts);
    if (!this.content.contains(document.activeElement)) this.focusable(this.content.lastElementChild);
    const still = anchor && this.rows.get(anchor.ts)?.nodes.at(-1);
    if (still) this.scroller.scrollTop += still.getBoundingClientRect().top - anchor.top;
    this.showJump();
  }

  rowsAt(at, wanted) {
    const message = this.list[at];
    const previous = this.list[at - 1];
    const newDay = !previous || dayKey(instantOf(previous.ts)) !== dayKey(instantOf(message.ts));
    const isNew = this.newFrom === message.ts;
    const known = this.rows.get(message.ts);
    const grouped = !newDay && !isNew && follows(previous, message);
    if (known?.message === message && known.grouped === grouped && known.newDay === newDay && known.isNew === isNew) {
      wanted.push(...known.nodes);
      return;
    }
    const nodes = [];
    if (newDay) nodes.push(h("div", { class: "day", role: "separator" }, h("span", {}, dayTitle(instantOf(message.ts)))));
    if (isNew) nodes.push(h("div", { class: "new-line", role: "separator" }, h("span", {}, "New")));
    nodes.push(renderMessage(message, { grouped, inThread: this.inThread }));
    this.rows.set(message.ts, { message, grouped, newDay, isNew, nodes });
    wanted.push(...nodes);
  }

  /** The first message in sight. It is remembered by its id: its row may be drawn anew. */
  anchor() {
    const edge = this.scroller.getBoundingClientRect().top;
    for (const node of this.content.children) {
      const box = node.getBoundingClientRect();
      if (box.bottom > edge && node.classList.contains("message")) return { ts: node.dataset.ts, top: box.top };
    }
    return null;
  }

  /** To the newest message: to its end, or to its head when it is taller than the screen and nobody has scrolled yet. */
  scrollDown() {
    const last = this.content.lastElementChild;
    const isTall = last && last.offsetHeight > this.scroller.clientHeight - HEAD_ROOM_PX;
    const toHead = isTall && !this.touched && last.classList.contains("message");
    this.scroller.scrollTop = toHead ? last.offsetTop - this.scroller.offsetTop - HEAD_ROOM_PX : this.scroller.scrollHeight;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const toBottom = scrollHeight - clientHeight - scrollTop;
    const atNewest = this.end === this.list.length && toBottom < 40;
    // What grows below (a picture, a chart) moves the end away without anybody scrolling: only a way up lets go of it.
    this.pinned = atNewest || (this.pinned && scrollTop >= this.lastTop);
    this.lastTop = scrollTop;
    if (this.pinned) this.onseen();
    if (scrollTop < NEAR_EDGE_PX && this.start > 0) {
      this.start = Math.max(0, this.start - STEP);
      this.end = Math.min(this.end, this.start + MOST);
      this.draw();
    } else if (scrollTop < NEAR_EDGE_PX && !this.fetching) {
      this.fetchOlder();
    } else if (toBottom < NEAR_EDGE_PX && this.end < this.list.length) {
      this.end = Math.min(this.list.length, this.end + STEP);
      this.start = Math.max(this.start, this.end - MOST);
      this.draw();
    }
    this.showJump();
  }

  async fetchOlder() {
    this.fetching = true;
    const before = this.list.length;
    const came = await this.older();
    this.list = this.read();
    const added = this.list.length - before;
    if (came && added > 0) {
      this.start = Math.max(0, this.start + added - STEP);
      this.end += added;
      this.draw();
    }
    // Without anything older there is nothing to ask for again.
    this.fetching = !came;
  }

  showJump() {
    this.jump.hidden = this.pinned || !this.list.length;
    if (this.pinned) this.jump.classList.remove("fresh");
  }

  /** One message is in the tab order; arrows move among messages, its tools join the tab order with it. */
  focusable(row) {
    if (!row?.classList.contains("message")) return;
    for (const other of this.content.querySelectorAll('.message[tabindex="0"]')) {
      other.tabIndex = -1;
      for (const tool of other.querySelectorAll(".message-tools button")) tool.tabIndex = -1;
    }
    row.tabIndex = 0;
    for (const tool of row.querySelectorAll(".message-tools button")) tool.tabIndex = 0;
  }

  onFocus(event) {
    const row = event.target.closest(".message");
    if (row && row.tabIndex !== 0) this.focusable(row);
  }

  moveFocus(event) {
    if (!event.target.classList.contains("message")) return;
    const rows = [...this.content.querySelectorAll(".message")];
    const at = rows.indexOf(event.target);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || !rows[to]) return;
    event.preventDefault();
    rows[to].focus();
    rows[to].scrollIntoView({ block: "nearest" });
  }
}

function follows(previous, message) {
  return (
    (previous.user ?? previous.bot_id) === (message.user ?? message.bot_id) &&
    Boolean(previous.ephemeral) === Boolean(message.ephemeral) && !message.ephemeral &&
    Number(message.ts) - Number(previous.ts) < GROUP_SECONDS && !previous.reply_count
  );
}
