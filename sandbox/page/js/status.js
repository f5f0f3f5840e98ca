// The status beside one's name: set in a small dialog, shown where people are listed.

import { sendProfile } from "./api.js";
import { endOfDay, now, today } from "./dates.js";
import { openDialog } from "./dialogs.js";
import { h, iconButton, uniqueId } from "./dom.js";
import { glyph } from "./emoji.js";
import { notify } from "./notices.js";
import { me } from "./people.js";

/** What Slack suggests; the emoji tells programs what is meant, whatever the language of the text. */
const SUGGESTED = [["In a meeting", "spiral_calendar_pad"], ["Commuting", "bus"], ["Out sick", "face_with_thermometer"], ["Vacationing", "palm_tree"], ["Working remotely", "house_with_garden"]];

/** What a person's status says now, as text; empty without one, and once its time is over. */
export function statusOf(user) {
  if (!user?.status_emoji || (user.status_expiration && user.status_expiration * 1000 <= now())) return "";
  return [glyph(user.status_emoji.replaceAll(":", "")), user.status_text].filter(Boolean).join(" ");
}

export function askForStatus() {
  const user = me();
  const titleId = uniqueId("status");
  let emoji = (user.status_emoji ?? "").replaceAll(":", "");
  const text = h("input", { class: "text-field", maxlength: 100, placeholder: "What's your status?", "aria-label": "Status", "data-testid": "status-text", ".value": user.status_text ?? "" });
  text.addEventListener("input", () => { emoji = SUGGESTED.find(([words]) => words === text.value)?.[1] ?? "speech_balloon"; });
  const until = h("input", { type: "date", class: "text-field", "aria-label": "Until the end of", min: today(), "data-testid": "status-until" });
  const dialog = h("dialog", { class: "dialog dialog-small", "aria-labelledby": titleId, "data-testid": "status" });
  const pick = ([words, name]) => h("button", {
    type: "button", class: "button small", onclick: () => { [text.value, emoji] = [words, name]; },
  }, [glyph(name), words].filter(Boolean).join(" "));
  const save = async (profile) => {
    const { ok, error } = await sendProfile(user.id, profile);
    if (ok) dialog.close();
    else notify(`That did not work: ${error}`);
  };
  const form = h("form", {
    onsubmit: (event) => {
      event.preventDefault();
      save({ status_text: text.value, status_emoji: emoji ? `:${emoji}:` : "", status_expiration: until.value ? endOfDay(until.value) : 0 });
    },
  },
  h("div", { class: "dialog-head" }, h("h2", { id: titleId }, "Set a status"), iconButton("close", "Close", () => dialog.close())),
  h("div", { class: "dialog-body status-body" }, text, h("div", { class: "suggested" }, SUGGESTED.map(pick)),
    h("label", { class: "input-label" }, "Until the end of ", h("span", { class: "optional" }, "(optional)"), until)),
  h("div", { class: "dialog-foot" },
    h("button", { type: "button", class: "button", onclick: () => save({ status_text: "", status_emoji: "" }) }, "Clear"),
    h("button", { type: "submit", class: "button primary", "data-testid": "status-save" }, "Save")));
  dialog.append(form);
  openDialog(dialog);
}
