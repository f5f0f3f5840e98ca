// Deep links. `#/C0BUDGET` a channel, `#/C0BUDGET/TS` a message, `#/C0BUDGET/thread/TS` a thread,
// `#/home` the app's Home tab, `#/person/U0ANA` the page as that person.

const ID = /^[A-Z0-9]+$/;
const TS = /^\d+\.\d+$/;

export function parse(hash) {
  const parts = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent).filter(Boolean);
  if (parts[0] === "home") return { view: "home" };
  if (parts[0] === "person" && ID.test(parts[1] ?? "")) return { view: "person", user: parts[1] };
  if (!ID.test(parts[0] ?? "")) return { view: "none" };
  if (parts[1] === "thread" && TS.test(parts[2] ?? "")) return { view: "channel", channel: parts[0], thread: parts[2] };
  if (TS.test(parts[1] ?? "")) return { view: "channel", channel: parts[0], ts: parts[1] };
  return { view: "channel", channel: parts[0] };
}

export const channelLink = (channel, ts) => `#/${channel}${ts ? `/${ts}` : ""}`;
export const threadLink = (channel, ts) => `#/${channel}/thread/${ts}`;
export const HOME = "#/home";

/** Goes to a link; `quietly` replaces the current entry of the history. */
export function go(link, { quietly = false } = {}) {
  if (location.hash === link) return;
  if (quietly) {
    history.replaceState(null, "", link);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = link;
  }
}
