// Small dialogs: confirmation, the JSON behind something, an enlarged picture. The browser's own <dialog> keeps
// the focus inside, closes on Esc and gives the focus back.

import { h, icon, iconButton, uniqueId } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";

/** Opens a dialog and removes it once closed. `onclose` gets the dialog's return value. */
export function openDialog(dialog, onclose) {
  const opener = document.activeElement;
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    // The button that opened it may have been drawn anew meanwhile; then the composer is the next best place.
    (opener?.isConnected ? opener : document.getElementById("composer-input"))?.focus();
    onclose?.(dialog.returnValue);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && dialog.dataset.light === "true") dialog.close();
  });
  dialog.showModal();
  return dialog;
}

export const words = (object) => (object?.type === "mrkdwn" ? mrkdwn(object.text) : withEmoji(object?.text ?? ""));

/** Slack's confirm object as a question; answers whether the person agreed. */
export function confirmed(confirm) {
  return new Promise((resolve) => {
    const titleId = uniqueId("confirm");
    const dialog = h("dialog", { class: "dialog dialog-small", "aria-labelledby": titleId, "data-testid": "confirm" });
    const answer = (value) => () => dialog.close(value);
    dialog.append(
      h("div", { class: "dialog-head" }, h("h2", { id: titleId }, words(confirm.title)), iconButton("close", "Close", answer("no"))),
      h("div", { class: "dialog-body" }, words(confirm.text)),
      h("div", { class: "dialog-foot" },
        h("button", { type: "button", class: "button", onclick: answer("no") }, words(confirm.deny ?? { text: "Cancel" })),
        h("button", { type: "button", class: `button ${confirm.style === "danger" ? "danger" : "primary"}`, autofocus: true, onclick: answer("yes") }, words(confirm.confirm ?? { text: "OK" }))));
    openDialog(dialog, (value) => resolve(value === "yes"));
  });
}

/** Shows the JSON behind a message, a modal or the Home tab. */
export function showPayload(title, payload) {
  const text = JSON.stringify(payload, null, 2);
  const titleId = uniqueId("payload");
  const dialog = h("dialog", { class: "dialog dialog-wide", "aria-labelledby": titleId, "data-testid": "payload", "data-light": "true" });
  const copy = h("button", { type: "button", class: "button small", onclick: () => copyText(text, copy) }, icon("copy"), "Copy");
  dialog.append(
    h("div", { class: "dialog-head" }, h("h2", { id: titleId }, title), copy, iconButton("close", "Close", () => dialog.close())),
    h("div", { class: "dialog-body" }, h("pre", { class: "json", tabindex: "0" }, text)));
  openDialog(dialog);
}

async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.lastChild.textContent = "Copied";
  } catch {
    // Without permission for the clipboard the text is selected instead: Ctrl+C is one key away.
    getSelection().selectAllChildren(button.closest("dialog").querySelector("pre"));
    button.lastChild.textContent = "Selected";
  }
}

export function showImage(source, alt) {
  const dialog = h("dialog", { class: "dialog dialog-image", "aria-label": alt, "data-testid": "lightbox", "data-light": "true" },
    iconButton("close", "Close", () => dialog.close()), h("img", { src: source, alt }));
  openDialog(dialog);
}
