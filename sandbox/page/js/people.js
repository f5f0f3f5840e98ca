// How people, channels and the app are named and drawn.

import { h } from "./dom.js";
import { state } from "./store.js";

const TINTS = 8;

/** A colour class that stays the same for an id, whatever order people arrive in. */
function tint(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return `tint-${sum % TINTS}`;
}

export const isApp = (id) => id === state.bot.user_id || id === state.bot.bot_id;

export const appName = () => {
  const known = state.users.get(state.bot.user_id);
  return known?.real_name ?? capital(state.bot.name ?? "App");
};

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export function personName(id) {
  if (isApp(id)) return appName();
  const user = state.users.get(id);
  return user?.real_name || user?.name || id || "Unknown";
}

const initials = (name) =>
  name
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((part) => [...part][0].toUpperCase())
    .join("");

/** A square picture made of initials; decorative, since the name always stands beside it. */
export function avatar(id, size = "") {
  const app = isApp(id);
  return h("span", { class: `avatar ${size} ${app ? "avatar-app" : tint(id ?? "")}`, "aria-hidden": "true" }, app ? appMark() : initials(personName(id)));
}

const appMark = () => h("img", { src: "/static/favicon.svg", alt: "", class: "avatar-mark" });

/** The people of the workspace who can sit at the keyboard. */
export const people = () => [...state.users.values()].filter((user) => !user.is_bot && !isApp(user.id));

export function channelName(channel) {
  if (!channel) return "unknown";
  if (channel.is_im) return channel.user === state.me || isApp(channel.user) ? appName() : personName(channel.user);
  return channel.name;
}

/** The direct conversation of a person with the app; Slack opens it on first use, its id is known before. */
export function appConversation() {
  const open = [...state.channels.values()].find((channel) => channel.is_im && (channel.user === state.me || channel.members?.includes(state.me)));
  return open?.id ?? `D0${state.me.slice(2)}`;
}

export const me = () => state.users.get(state.me);

export const timeZone = () => me()?.tz ?? "UTC";
