// Clicks on interactive elements, from wherever they stand.

import { sendClick } from "./api.js";
import { confirmed } from "./dialogs.js";
import { notify } from "./notices.js";
import { appName } from "./people.js";
import { acknowledged } from "./pending.js";
import { state } from "./store.js";

/** A surface for blocks. `place` says where they stand: {channel, ts} or {view_id}. */
export function surface(kind, place, form = null) {
  return { kind, place, form, act: (action) => act(place, form, action) };
}

async function act(place, form, { element, block, value, control }) {
  if (!element.action_id) return;
  if (element.confirm && !(await confirmed(element.confirm))) return;
  const order = { user: state.me, ...place, block_id: block.block_id, action_id: element.action_id };
  if (value !== undefined) order.value = value;
  if (form) order.values = form.values();
  const answer = sendClick(order);
  busy(control, true);
  await acknowledged(answer);
  busy(control, false);
  const { ok, acked, error } = await answer;
  if (!ok) notify(`That did not work: ${error}`);
  else if (error || acked === false) notify(`${appName()} did not respond (${code(error)}).`);
}

/** The error's code alone; the server adds a sentence to it. */
export const code = (error) => error?.split(":")[0] ?? "operation_timeout";

function busy(control, on) {
  if (!control) return;
  control.classList.toggle("busy", on);
  control.setAttribute("aria-busy", String(on));
  if ("disabled" in control) control.disabled = on;
  if (!on && document.activeElement === document.body && control.isConnected) control.focus();
}
