// The event stream of one person. EventSource reconnects by itself; what was missed meanwhile is fetched as a new snapshot.

import { apply, emit, state } from "./store.js";

let source = null;
let wasLost = false;

export function openStream(user, reload) {
  source?.close();
  wasLost = false;
  const opened = new EventSource(`/_sandbox/stream?user=${encodeURIComponent(user)}`);
  source = opened;
  opened.addEventListener("open", () => {
    setConnected(true);
    if (wasLost) reload();
    wasLost = false;
  });
  opened.addEventListener("error", () => {
    wasLost = true;
    setConnected(false);
    // A refused stream (a restarted server may answer 4xx or 5xx) is closed for good by the browser: open a new one.
    if (opened.readyState === EventSource.CLOSED && source === opened) setTimeout(() => source === opened && reopen(user, reload), 2000);
  });
  opened.addEventListener("change", (event) => apply(JSON.parse(event.data)));
}

function reopen(user, reload) {
  openStream(user, reload);
  wasLost = true;
}

function setConnected(connected) {
  if (state.connected === connected) return;
  state.connected = connected;
  emit("connection");
}
