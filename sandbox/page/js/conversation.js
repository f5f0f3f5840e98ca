// The middle of the page: a channel or the app's two tabs, and the thread beside it.

import { fetchState, openHome } from "./api.js";
import { starters } from "./commands.js";
import { Composer } from "./composer.js";
import { byId, h, icon, iconButton, replace } from "./dom.js";
import { Feed } from "./feed.js";
import { renderHome } from "./home.js";
import { notify } from "./notices.js";
import { appConversation, appName, avatar, channelName } from "./people.js";
import { channelLink, go, HOME } from "./route.js";
import { emit, findMessage, isReply, loadOlder, markRead, messagesOf, on, state, threadOf, topLevel, unread } from "./store.js";

const OLDER = 1000;
const EVERYTHING = 50_000;

let shown = { view: "none" };
let feed = null;
let thread = null;
let composer = null;

export const current = () => shown;

export function startConversation() {
  on("message-added", (message) => changed(message));
  on("message-changed", (message) => changed(message, message.ts));
  on("message-deleted", (message) => changed(message, message.ts));
  on("sent", ({ threadTs }) => (threadTs ? thread : feed)?.show());
  on("home", (user) => shown.view === "home" && user === state.me && drawHome());
  on("channels", () => shown.channel && drawHead());
}

/** Forgets what is shown, so that the next route is drawn from scratch. */
export function leave() {
  shown = { view: "none" };
  feed = null;
}

export const composerHere = () => composer;

/** Shows what a route names. The parts that stay the same are left alone, so that focus and scroll stay too. */
export function showRoute(route) {
  const linked = route.ts && findMessage(route.channel, route.ts);
  // A link to a reply opens its thread.
  const wanted = linked && isReply(linked) ? { ...route, ts: linked.thread_ts, thread: linked.thread_ts, reply: linked.ts } : route;
  const sameChannel = feed && shown.view === "channel" && shown.channel === wanted.channel && shown.me === state.me && !wanted.ts;
  const before = shown;
  shown = { ...wanted, me: state.me };
  if (wanted.view === "home") showHome();
  else if (!sameChannel) showChannel(wanted);
  drawHead();
  if (wanted.thread) showThread(wanted);
  else closeThread(before.thread);
  emit("shown", shown);
}

function showHome() {
  feed = null;
  composer?.close();
  composer = null;
  replace(byId("composer-area"));
  drawHome();
  openHome(state.me).then((answer) => {
    if (!answer.ok || answer.error) notify(`${appName()} did not answer for its Home tab (${answer.error ?? "operation_timeout"}).`);
  });
}

const drawHome = () => renderHome(byId("pane-body"));

/** Fetches what lies before the loaded messages of a channel; false when that was all. */
async function fetchOlder(channel, count) {
  if (!state.older.has(channel)) return false;
  const snapshot = await fetchState(state.me, count);
  loadOlder(channel, snapshot);
  return true;
}

async function showLinked({ channel, ts }) {
  const here = feed;
  if ((await fetchOlder(channel, EVERYTHING)) && feed === here) feed.show({ ts });
}

function showChannel({ channel, ts }) {
  const known = state.channels.get(channel);
  const firstNew = unread(channel).count ? firstUnread(channel) : null;
  feed = new Feed({
    label: `Messages in ${known ? channelName(known) : "this conversation"}`, read: () => topLevel(channel), foreword: foreword(channel, known), onseen: () => seen(channel),
    older: () => fetchOlder(channel, messagesOf(channel).length + OLDER), isWhole: () => !state.older.has(channel),
  });
  replace(byId("pane-body"), feed.node);
  feed.show({ ts, newFrom: firstNew });
  if (ts && !findMessage(channel, ts)) showLinked({ channel, ts });
  seen(channel);
  composer?.close();
  composer = new Composer({ channel, refusal: refusal(channel), placeholder: `Message ${known && !known.is_im ? "#" : ""}${known ? channelName(known) : appName()}` });
  replace(byId("composer-area"), composer.node);
}

function refusal(id) {
  const channel = state.channels.get(id);
  if (!channel && id !== appConversation()) return "You are not in this conversation.";
  if (channel?.is_archived) return "This channel is archived: it can be read, but nobody can write in it.";
  if (channel?.members && !channel.members.includes(state.me)) return "You are not a member of this channel.";
  return null;
}

function firstUnread(channel) {
  const { count } = unread(channel);
  return topLevel(channel).filter((message) => message.user !== state.me).at(-count)?.ts ?? null;
}

function seen(channel) {
  if (!document.hidden && feed?.pinned) markRead(channel);
}

function foreword(id, channel) {
  const app = id === appConversation();
  return h("div", { class: "foreword" },
    app ? avatar(state.bot.user_id, "large") : h("span", { class: "foreword-icon" }, icon(channel?.is_private ? "lock" : "hash")),
    h("h2", {}, app ? appName() : channelName(channel)),
    h("p", {}, app ? "Your direct conversation with the app. Only you can read it." : channel?.topic || "This is the beginning of the channel."),
    refusal(id) ? null : h("p", { class: "starters" }, "Try ", starters().map((text) => h("button", { type: "button", class: "starter", onclick: () => composer?.put(text) }, text))));
}

function drawHead() {
  const app = shown.view === "home" || shown.channel === appConversation();
  const channel = state.channels.get(shown.channel);
  const menu = iconButton("menu", "Show conversations", () => emit("toggle-sidebar"), { class: "icon-button only-narrow", "data-testid": "menu", "aria-expanded": "false" });
  if (app) {
    const tab = (label, link, active) => h("a", { href: link, class: "tab", "aria-current": active ? "page" : null }, label);
    replace(byId("pane-head"), menu, h("h1", {}, avatar(state.bot.user_id, "small"), appName()), h("span", { class: "app-badge" }, "APP"),
      h("div", { class: "tabs" }, tab("Home", HOME, shown.view === "home"), tab("Messages", channelLink(appConversation()), shown.view !== "home")));
    return;
  }
  const members = channel?.members?.length;
  replace(byId("pane-head"), menu,
    h("h1", {}, icon(channel?.is_private ? "lock" : "hash"), channel ? channelName(channel) : "Unknown conversation"),
    channel?.is_archived ? h("span", { class: "state-badge" }, icon("archive"), "Archived") : null,
    h("p", { class: "topic" }, channel ? channel.topic ?? "" : "There is no such conversation, or you are not in it."),
    members ? h("span", { class: "members" }, `${members} members`) : null);
}

function showThread({ channel, thread: ts, reply }) {
  const parent = findMessage(channel, ts);
  const panel = byId("side-panel");
  panel.hidden = false;
  panel.dataset.channel = channel;
  document.body.classList.add("thread-open");
  thread = new Feed({ label: "Thread", read: () => threadOf(channel, ts), inThread: true });
  const close = () => go(channelLink(channel));
  const writer = new Composer({ channel, threadTs: ts, refusal: parent ? refusal(channel) : "This thread is not here.", placeholder: "Reply…" });
  replace(panel, h("div", { class: "pane-head" }, h("h2", {}, "Thread"), h("span", { class: "topic" }, channelName(state.channels.get(channel))), iconButton("close", "Close thread", close, { "data-testid": "thread-close" })),
    h("div", { class: "pane-body" }, thread.node), h("div", { class: "composer-area" }, writer.node));
  panel.onkeydown = (event) => event.key === "Escape" && !event.defaultPrevented && close();
  thread.show({ ts: reply });
  if (!reply) writer.focus();
}

function closeThread(before) {
  const panel = byId("side-panel");
  if (panel.hidden) return;
  panel.hidden = true;
  document.body.classList.remove("thread-open");
  replace(panel);
  thread = null;
  byId("pane-body").querySelector(`[data-ts="${CSS.escape(before ?? "")}"]`)?.focus({ preventScroll: true });
}

function changed(message, ts = null) {
  if (message.channel !== shown.channel) return;
  if (!isReply(message)) feed?.refresh(ts);
  if (shown.thread && (message.thread_ts === shown.thread || message.ts === shown.thread)) thread?.refresh(ts);
  seen(message.channel);
}

export const titleOf = (route) => (route.view === "home" ? `${appName()} Home` : channelName(state.channels.get(route.channel)));
