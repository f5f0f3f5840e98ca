// The event stream of one person. It is opened before the workspace is fetched, and what arrives meanwhile is
// held back: so nothing falls between the snapshot and the first event. After a lost connection the same again.

import { apply, emit, state } from "./store.js";

const REOPEN_MS = 2000;

let source = null;
let held = null;

/** Opens the stream of `user`. `load` fetches the workspace, on each connection anew; resolves after the first time. */
export function openStream(user, load) {
  source?.close();
  held = [];
  const opened = new EventSource(`/_sandbox/stream?user=${encodeURIComponent(user)}`);
  source = opened;
  return new Promise((resolve) => {
    const take = async () => {
      await refill(opened, load);
      resolve();
    };
    opened.addEventListener("open", () => {
      setConnected(true);
      take();
    });
    opened.addEventListener("error", () => {
      setConnected(false);
      // Without a stream the page still opens; it shows what was there and that it is reconnecting.
      if (held) take();
      // A refused stream is closed for good by the browser, for instance while the server restarts: open a new one.
      if (opened.readyState === EventSource.CLOSED) setTimeout(() => source === opened && openStream(user, load), REOPEN_MS);
    });
    opened.addEventListener("change", (event) => receive(opened, JSON.parse(event.data)));
  });
}

function receive(from, change) {
  if (from !== source) return;
  if (held) held.push(change);
  else apply(change);
}

async function refill(from, load) {
  if (from !== source) return;
  held ??= [];
  await load();
  if (from !== source) return;
  const missed = held ?? [];
  held = null;
  missed.forEach(apply);
}

function setConnected(connected) {
  if (state.connected === connected) return;
  state.connected = connected;
  emit("connection");
}
