// The list above the composer: commands after `/`, people after `@`, channels after `#`.

import { suggestCommands } from "./commands.js";
import { h, icon, replace, uniqueId } from "./dom.js";
import { avatar, people } from "./people.js";
import { state } from "./store.js";

const MOST = 8;
const TRIGGER = /(?:^|[\s(=,])([@#])([\w.-]*)$/;

export class Completion {
  /** `field` is the text area; `oninsert` is called after its text was changed. */
  constructor(field, oninsert) {
    Object.assign(this, { field, oninsert, offers: [], at: -1 });
    this.list = h("ul", { class: "completion", role: "listbox", id: uniqueId("completion"), "aria-label": "Suggestions", hidden: true, "data-testid": "completion" });
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.list.id);
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Looks at the text before the caret and offers what fits. */
  update() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const found = TRIGGER.exec(before);
    if (found) this.offer(found[1] === "@" ? offerPeople(found[2]) : offerChannels(found[2]), found[2].length + 1);
    else if (before.startsWith("/") && before === this.field.value) this.offer(suggestCommands(before), before.length);
    else this.close();
  }

  offer(offers, replaces) {
    this.offers = offers.slice(0, MOST);
    this.replaces = replaces;
    if (!this.offers.length) return this.close();
    this.at = this.offers[0].sure ? 0 : -1;
    replace(this.list, this.offers.map((offer, at) =>
      h("li", { role: "option", id: `${this.list.id}-${at}`, onmousedown: (event) => { event.preventDefault(); this.take(at); } },
        offer.picture ?? null, h("span", { class: "offer-label" }, offer.label), offer.detail ? h("span", { class: "offer-detail" }, offer.detail) : null)));
    this.list.hidden = false;
    return this.mark();
  }

  mark() {
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === this.at)));
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
    if (this.at >= 0) this.field.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  close() {
    this.list.hidden = true;
    this.offers = [];
    this.at = -1;
    this.field.removeAttribute("aria-activedescendant");
  }

  /** Handles a key while the list is open; true when the key was used. */
  key(event) {
    if (!this.isOpen) return false;
    const count = this.offers.length;
    if (event.key === "ArrowDown") this.at = (this.at + 1) % count;
    else if (event.key === "ArrowUp") this.at = (this.at <= 0 ? count : this.at) - 1;
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && !event.shiftKey) this.take(Math.max(0, this.at));
    else if (event.key === "Enter" && this.at >= 0) this.take(this.at);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    if (this.isOpen) this.mark();
    return true;
  }

  take(at) {
    const { field } = this;
    const caret = field.selectionStart;
    const start = caret - this.replaces;
    const { insert } = this.offers[at];
    field.setRangeText(insert, start, caret, "end");
    this.close();
    this.oninsert();
    // After a command comes its usage, so the list looks again.
    if (insert.startsWith("/")) this.update();
  }
}

// A name typed to its end needs no completion: Enter sends then.
const fits = (typed, ...names) => names.some((name) => name?.toLowerCase().split(/\s/).some((word) => word.startsWith(typed.toLowerCase())));

function offerPeople(typed) {
  const found = people().filter((user) => !user.deleted && fits(typed, user.name, user.real_name));
  return found.map((user) => ({ label: user.real_name, detail: `@${user.name} · ${user.title}`, insert: `@${user.name} `, picture: avatar(user.id, "tiny"), sure: user.name !== typed }));
}

function offerChannels(typed) {
  const found = [...new Map([...state.publicChannels, ...state.channels]).values()].filter((channel) => !channel.is_im && !channel.is_archived && fits(typed, channel.name));
  return found.map((channel) => ({ label: channel.name, insert: `#${channel.name} `, picture: icon(channel.is_private ? "lock" : "hash"), sure: channel.name !== typed }));
}
