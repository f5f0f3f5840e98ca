// One message: who, when, what it says, and what can be done with it.

import { surface } from "./actions.js";
import { fileCard, renderBlocks } from "./blocks.js";
import { showPayload } from "./dialogs.js";
import { dayTitle, fullTime, instantOf, time } from "./dates.js";
import { append, h, icon, iconButton } from "./dom.js";
import { describeFile } from "./files.js";
import { mrkdwn } from "./mrkdwn.js";
import { notify } from "./notices.js";
import { appName, avatar, isApp, personName } from "./people.js";
import { channelLink, go, threadLink } from "./route.js";
import { emit, isReply } from "./store.js";

const authorOf = (message) => message.user ?? message.bot_id;

/** `grouped`: follows a message of the same person closely, so its head is left out. */
export function renderMessage(message, { grouped = false, inThread = false } = {}) {
  const author = authorOf(message);
  const instant = instantOf(message.ts);
  const stamp = h("a", { class: "stamp", tabindex: "-1", href: channelLink(message.channel, message.ts), title: fullTime(instant) }, time(instant));
  const gutter = grouped ? h("span", { class: "gutter-stamp" }, stamp) : avatar(author);
  const name = isApp(author) ? appName() : personName(author);
  const head = grouped ? null : h("div", { class: "message-head" },
    h("button", { type: "button", class: "author", tabindex: "-1", onclick: (event) => emit("show-person", { id: author, from: event.currentTarget }) }, name),
    isApp(author) ? h("span", { class: "app-badge" }, "APP") : null, stamp);
  return h("article", {
    class: `message ${grouped ? "grouped" : ""} ${message.ephemeral ? "ephemeral" : ""}`, tabindex: "-1", "data-testid": "message", "data-ts": message.ts, "data-user": author,
    "aria-label": `${name}, ${dayTitle(instant)} ${time(instant)}${message.ephemeral ? ", only visible to you" : ""}`,
  },
    message.ephemeral ? h("div", { class: "ephemeral-note" }, icon("eye"), "Only visible to you") : null,
    h("div", { class: "message-gutter" }, gutter),
    h("div", { class: "message-body" }, head, content(message), files(message), inThread ? null : threadSummary(message)),
    toolbar(message, inThread));
}

function content(message) {
  const body = h("div", { class: "message-content" });
  const edited = message.edited ? h("span", { class: "edited", title: `Edited ${fullTime(instantOf(message.edited.ts))}` }, "(edited)") : null;
  if (message.blocks?.length) append(body, [renderBlocks(message.blocks, surface("message", { channel: message.channel, ts: message.ts }))]);
  else append(body, [h("div", { class: "message-text" }, mrkdwn(message.text), edited ? [" ", edited] : null)]);
  if (message.blocks?.length && edited) body.append(edited);
  return body;
}

/** Files that no block of the message shows already. */
function files(message) {
  const shown = new Set((message.blocks ?? []).map((block) => block.slack_file?.id ?? block.file_id).filter(Boolean));
  const rest = (message.files ?? []).filter((id) => !shown.has(id));
  if (!rest.length) return null;
  return h("div", { class: "files" }, rest.map((id) => {
    const holder = h("div", { class: "file" });
    describeFile(id).then((file) => holder.append(fileCard(file)));
    return holder;
  }));
}

function threadSummary(message) {
  if (!message.reply_count) return null;
  return h("button", { type: "button", class: "thread-summary", "data-testid": "thread-summary", onclick: () => go(threadLink(message.channel, message.ts)) },
    `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`, h("span", { class: "thread-hint" }, "View thread"));
}

function toolbar(message, inThread) {
  const json = Object.fromEntries(Object.entries(message).filter(([name]) => !name.startsWith("_")));
  const threadable = !inThread && !message.ephemeral && !isReply(message);
  return h("div", { class: "message-tools", role: "group", "aria-label": "Message actions" },
    threadable ? iconButton("reply", "Reply in thread", () => go(threadLink(message.channel, message.ts)), { tabindex: "-1", "data-testid": "reply" }) : null,
    iconButton("link", "Copy link to message", () => copyLink(message), { tabindex: "-1" }),
    iconButton("braces", "Show the JSON of this message", () => showPayload("Message", json), { tabindex: "-1", "data-testid": "show-payload" }));
}

async function copyLink(message) {
  const link = new URL(channelLink(message.channel, message.ts), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
    notify("Link copied.", { tone: "info" });
  } catch {
    notify(link, { tone: "info" });
  }
}

/** The words of a message, for screen readers and notifications; not its markup. */
export const spoken = (message) => `${personName(authorOf(message))}: ${mrkdwn(message.text || "sent a message").textContent.slice(0, 300)}`;
