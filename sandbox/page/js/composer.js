// The message box: writes messages, sends slash commands, remembers what was sent.

import { code } from "./actions.js";
import { sendCommand, sendMessage } from "./api.js";
import { Completion } from "./completion.js";
import { isCommand, split } from "./commands.js";
import { h, icon, uniqueId } from "./dom.js";
import { track } from "./pending.js";
import { appName } from "./people.js";
import { emit, on, state } from "./store.js";

const HISTORY = 50;
const drafts = new Map();
const sent = [];

let pendingCount = 0;
let current = null;
on("pending", (count) => {
  pendingCount = count;
  current?.showPending();
});

export class Composer {
  /** `refusal`: why nothing can be written here, or null. */
  constructor({ channel, threadTs = null, placeholder, refusal = null }) {
    Object.assign(this, { channel, threadTs, historyAt: sent.length });
    this.draftKey = `${state.me}/${channel}/${threadTs ?? ""}`;
    this.node = h("div", { class: "composer-holder" });
    if (refusal) {
      this.node.append(h("p", { class: "composer-refusal" }, refusal));
      return;
    }
    const id = threadTs ? uniqueId("reply-input") : "composer-input";
    this.field = h("textarea", { id, rows: 1, placeholder, "aria-label": placeholder, "data-testid": threadTs ? "reply-input" : "composer-input", enterkeyhint: "send", autocapitalize: "off", spellcheck: "true" });
    this.completion = new Completion(this.field, () => this.typed());
    this.send = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)", "data-testid": threadTs ? "reply-send" : "composer-send" }, icon("send"));
    this.status = h("p", { class: "composer-status", role: "status" });
    this.error = h("p", { class: "composer-error", role: "alert", hidden: true, "data-testid": "composer-error" });
    const slash = threadTs ? null : h("button", { type: "button", class: "icon-button slash", "aria-label": "Type a command", title: "Type a command", onclick: () => this.put("/") }, "/");
    const at = h("button", { type: "button", class: "icon-button slash", "aria-label": "Mention somebody", title: "Mention somebody", onclick: () => this.put(`${this.field.value}@`) }, "@");
    const box = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.submit(); } }, this.field, h("div", { class: "composer-foot" }, slash, at, h("span", { class: "grow" }), this.send));
    this.node.append(this.error, this.completion.list, box, this.status);
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("blur", () => this.completion.close());
    this.field.value = drafts.get(this.draftKey) ?? "";
    if (!threadTs) current = this;
    queueMicrotask(() => this.resize());
    this.showPending();
  }

  close() {
    if (current === this) current = null;
  }

  focus() {
    this.field?.focus();
  }

  /** Replaces the text, as if it had been typed. */
  put(text) {
    if (!this.field) return;
    this.field.value = text;
    this.field.focus();
    this.field.setSelectionRange(text.length, text.length);
    this.typed();
  }

  typed() {
    drafts.set(this.draftKey, this.field.value);
    this.error.hidden = true;
    this.resize();
    this.completion.update();
  }

  resize() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, 240)}px`;
    this.send.classList.toggle("ready", this.field.value.trim() !== "");
  }

  key(event) {
    if (event.isComposing || this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && (this.field.value === "" || this.inHistory)) {
      this.recall(event, -1);
    } else if (event.key === "ArrowDown" && this.inHistory) {
      this.recall(event, 1);
    }
  }

  get inHistory() {
    return this.historyAt < sent.length && sent[this.historyAt] === this.field.value;
  }

  recall(event, step) {
    const at = this.historyAt + step;
    if (at < 0 || at > sent.length) return;
    event.preventDefault();
    this.historyAt = at;
    this.field.value = sent[at] ?? "";
    this.field.setSelectionRange(this.field.value.length, this.field.value.length);
    this.resize();
    drafts.set(this.draftKey, this.field.value);
  }

  async submit() {
    const text = this.field.value.trim();
    if (!text) return;
    if (isCommand(text) && this.threadTs) return this.fail(`${split(text).command} is not supported in threads. Sorry!`);
    remember(text);
    emit("sent", { channel: this.channel, threadTs: this.threadTs });
    this.field.value = "";
    this.typed();
    this.historyAt = sent.length;
    const problem = isCommand(text) ? await this.command(text) : await this.message(text);
    if (problem) {
      if (this.field.value === "") this.field.value = text;
      this.typed();
      this.fail(problem);
    }
    return undefined;
  }

  async command(typed) {
    const { command, text } = split(typed);
    const answer = sendCommand({ user: state.me, channel: this.channel, command, text });
    track(answer);
    const { ok, acked, error } = await answer;
    if (ok && acked !== false && !error) return null;
    if (!ok) return error;
    return `${command} did not respond (${code(error)})`;
  }

  async message(text) {
    const order = { user: state.me, channel: this.channel, text };
    if (this.threadTs) order.thread_ts = this.threadTs;
    const answer = await sendMessage(order);
    return answer.ok ? null : `Your message was not sent: ${answer.error}`;
  }

  fail(text) {
    this.error.textContent = text;
    this.error.hidden = false;
  }

  showPending() {
    if (!this.status || this.threadTs) return;
    this.status.classList.toggle("busy", pendingCount > 0);
    this.status.textContent = pendingCount ? `Waiting for ${appName()}…` : "";
  }
}

function remember(text) {
  if (sent.at(-1) !== text) sent.push(text);
  if (sent.length > HISTORY) sent.shift();
}
