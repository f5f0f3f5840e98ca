// Waiting for the app. The server's answer comes once everything has arrived; a control is free again as soon
// as the app acknowledged or something the person can see came back.

import { emit, on, state } from "./store.js";

const waiting = new Set();

function settleAll() {
  for (const settle of [...waiting]) settle();
}

for (const event of ["message-added", "message-changed", "message-deleted", "views", "home"]) on(event, settleAll);
on("log", (change) => {
  const entry = change.entry ?? change;
  if (entry.kind !== "log" && (entry.kind === "delivery" || entry.kind === "socket") && entry.ack_ms != null && entry.user === state.me) settleAll();
});

/** Resolves at the acknowledgement, the first visible effect, or the server's answer, whichever is first. */
export function acknowledged(answer) {
  return new Promise((resolve) => {
    const settle = () => {
      waiting.delete(settle);
      resolve();
    };
    waiting.add(settle);
    answer.then(settle);
  });
}

let count = 0;

/** Counts an order as under way until it is acknowledged; listeners of `pending` get the number. */
export async function track(answer) {
  count += 1;
  emit("pending", count);
  await acknowledged(answer);
  count -= 1;
  emit("pending", count);
}
