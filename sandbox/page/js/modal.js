// Modals: up to three views on a stack, the topmost in front.

import { code, surface } from "./actions.js";
import { sendSubmit } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { openDialog, showPayload, words } from "./dialogs.js";
import { h, iconButton, replace, uniqueId } from "./dom.js";
import { InputForm } from "./form.js";
import { appName, avatar } from "./people.js";
import { dropView, on, state } from "./store.js";

const opened = new Map();

export function startModals() {
  on("views", sync);
  on("loaded", sync);
  sync();
}

function sync() {
  const wanted = new Map(state.views.map((record) => [record.view_id, record]));
  for (const [viewId, entry] of [...opened].reverse()) if (!wanted.has(viewId)) entry.dialog.close();
  for (const record of wanted.values()) {
    const entry = opened.get(record.view_id);
    if (!entry) open(record);
    else if (JSON.stringify(entry.record.view) !== JSON.stringify(record.view)) fill(entry, record);
  }
  const top = state.views.at(-1)?.view_id;
  for (const [viewId, { dialog }] of opened) dialog.classList.toggle("behind", viewId !== top);
}

function open(record) {
  const dialog = h("dialog", { class: "dialog modal", "data-testid": "modal", "data-view-id": record.view_id });
  const entry = { dialog, record, form: null, sending: false };
  opened.set(record.view_id, entry);
  fill(entry, record);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    dismiss(entry);
  });
  openDialog(dialog, () => opened.delete(record.view_id));
  // The close button comes first in the document; people want the first field.
  (dialog.querySelector("[autofocus]") ?? dialog.querySelector(".dialog-body :is(input, textarea, select, button)") ?? dialog.querySelector(".dialog-foot button"))?.focus();
}

function fill(entry, record) {
  const { view } = record;
  const focused = document.activeElement?.closest?.("[data-action-id]")?.dataset.actionId;
  entry.sending = false;
  entry.form = new InputForm(entry.form);
  entry.record = record;
  const titleId = uniqueId("modal");
  const banner = h("p", { class: "banner", role: "alert", hidden: true });
  const close = h("button", { type: "button", class: "button", "data-testid": "modal-close", onclick: () => dismiss(entry) }, words(view.close ?? { text: view.submit ? "Cancel" : "Close" }));
  const submit = view.submit ? h("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, h("span", { class: "button-text" }, words(view.submit))) : null;
  const form = h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); send(entry); } },
    h("div", { class: "dialog-head" }, avatar(state.bot.user_id, "small"), h("h2", { id: titleId }, words(view.title)),
      iconButton("braces", "Show the JSON of this modal", () => showPayload(`Modal: ${view.title?.text ?? ""}`, entry.record.view), { "data-testid": "modal-payload" }),
      iconButton("close", "Close", () => dismiss(entry))),
    h("div", { class: "dialog-body" }, banner, renderBlocks(view.blocks, surface("modal", { view_id: record.view_id }, entry.form))),
    h("div", { class: "dialog-foot" }, close, submit));
  Object.assign(entry, { banner, submit });
  const scrolled = entry.dialog.querySelector(".dialog-body")?.scrollTop ?? 0;
  replace(entry.dialog, form);
  entry.dialog.setAttribute("aria-labelledby", titleId);
  entry.dialog.querySelector(".dialog-body").scrollTop = scrolled;
  if (focused) entry.dialog.querySelector(`[data-action-id="${CSS.escape(focused)}"]`)?.focus();
}

async function send(entry) {
  if (entry.sending || !entry.submit) return;
  say(entry, null);
  const problems = entry.form.problems();
  entry.form.show(problems);
  if (Object.keys(problems).length) return;
  setSending(entry, true);
  const { submit: sentWith } = entry;
  const answer = await sendSubmit({ user: state.me, view_id: entry.record.view_id, values: entry.form.values() });
  // The answer comes after everything it caused: the view may have been updated, or closed, by the stream meanwhile.
  if (entry.submit !== sentWith || !entry.dialog.open) return;
  setSending(entry, false);
  if (answer.errors) {
    const homeless = entry.form.show(answer.errors);
    if (homeless.length) say(entry, homeless.join(" "));
  } else if (!answer.ok) {
    say(entry, `That did not work: ${answer.error}`);
  } else if (answer.error) {
    say(entry, `${appName()} did not respond (${code(answer.error)}). ${answer.trouble ?? "Try again?"}`);
  } else if (!answer.response_action) {
    dropView(entry.record.view_id);
  }
}

function setSending(entry, sending) {
  entry.sending = sending;
  entry.submit.classList.toggle("busy", sending);
  entry.submit.disabled = sending;
  entry.submit.setAttribute("aria-busy", String(sending));
}

function say(entry, text) {
  entry.banner.hidden = !text;
  entry.banner.textContent = text ?? "";
}

function dismiss(entry) {
  dropView(entry.record.view_id);
  sendSubmit({ user: state.me, view_id: entry.record.view_id, values: {}, close: true });
}
