// Short notes at the edge of the page: something went wrong, or was copied.

import { h, iconButton } from "./dom.js";

const SHOWN_MS = 9000;
const MOST = 3;

let holder = null;

export function notify(text, { tone = "error" } = {}) {
  // A modal dialog makes everything outside it inert, so the note goes into the topmost one.
  const root = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  holder ??= h("div", { class: "notices", role: "alert", "data-testid": "notices" });
  root.append(holder);
  const note = h("div", { class: `notice notice-${tone}` }, h("span", {}, text), iconButton("close", "Dismiss", () => note.remove()));
  holder.append(note);
  while (holder.children.length > MOST) holder.firstChild.remove();
  setTimeout(() => note.remove(), SHOWN_MS);
}
