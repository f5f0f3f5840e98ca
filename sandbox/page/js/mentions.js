// Links and mentions inside messages, in all three ways a message can carry them.

import { h } from "./dom.js";
import { slackDate } from "./dates.js";
import { channelName, personName } from "./people.js";
import { channelLink } from "./route.js";
import { emit, state } from "./store.js";

const SAFE = /^(https?:|mailto:|tel:)/i;

/** A link; an address of an unknown kind (`javascript:` for one) is shown as text. */
export function link(url, label = url) {
  if (!SAFE.test(url)) return document.createTextNode(label);
  const inside = url.startsWith(location.origin);
  return h("a", { href: url, ...(inside ? {} : { target: "_blank", rel: "noopener noreferrer" }) }, label);
}

export function userMention(id, label) {
  const known = state.users.has(id);
  const name = known ? personName(id) : label || id;
  return h("button", {
    type: "button", class: `mention ${id === state.me ? "mention-me" : ""}`, "data-user": id,
    onclick: (event) => emit("show-person", { id, from: event.currentTarget }),
  }, `@${name}`);
}

export function channelMention(id, label) {
  const channel = state.channels.get(id);
  if (!channel) {
    const name = state.publicChannels.get(id)?.name ?? label;
    return h("span", { class: "mention" }, name ? `#${name}` : "a private channel");
  }
  return h("a", { class: "mention", href: channelLink(id) }, `#${channelName(channel)}`);
}

export const broadcast = (range) => h("span", { class: "mention mention-me" }, `@${range}`);

/** What stands between `<` and `>` in mrkdwn, already without the brackets. */
export function entity(inner, decode) {
  const [target, ...rest] = inner.split("|");
  const label = rest.length ? decode(rest.join("|")) : null;
  if (target.startsWith("@")) return userMention(target.slice(1), label);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!")) return special(target.slice(1), label);
  const url = decode(target);
  // What is no address was never a link: it stays as it was sent.
  if (!SAFE.test(url)) return document.createTextNode(label ?? `<${url}>`);
  return link(url, label ?? url.replace(/^mailto:/, ""));
}

function special(command, label) {
  if (["here", "channel", "everyone"].includes(command)) return broadcast(command);
  if (command.startsWith("subteam^")) return h("span", { class: "mention" }, label ?? "@group");
  const [kind, seconds, template, url] = command.split("^");
  if (kind === "date" && /^\d+$/.test(seconds ?? "")) {
    const shown = h("time", { datetime: new Date(seconds * 1000).toISOString(), title: label }, slackDate(Number(seconds), template ?? "{date}"));
    return url && SAFE.test(url) ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, shown) : shown;
  }
  return document.createTextNode(label ?? `<!${command}>`);
}
