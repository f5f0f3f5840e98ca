// What this page knows: one snapshot of the workspace as one person sees it, kept current by the event stream.

import { loadReads, saveReads } from "./reads.js";

export const state = {
  me: null,
  team: { name: "Workspace" },
  bot: {},
  users: new Map(),
  channels: new Map(),
  messages: new Map(),
  views: [],
  homes: {},
  files: new Map(),
  clock: { available: false },
  commands: [],
  connected: true,
  older: new Set(),
  publicChannels: new Map(),
  forgotten: new Set(),
  openedAt: null,
};

const listeners = new Map();

export function on(event, listener) {
  if (!listeners.has(event)) listeners.set(event, []);
  listeners.get(event).push(listener);
}

export function emit(event, detail) {
  for (const listener of listeners.get(event) ?? []) listener(detail);
}

/** Slack's message ids have a fixed width, so their text order is their time order. */
const byTs = (a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0);

/** Position of the first message that is not older than `ts`. */
export function position(list, ts) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].ts < ts) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Takes a whole snapshot for one person. `linkedTs` is the message a deep link names: it is shown even if it is an old ephemeral one. */
export function load(snapshot, me, linkedTs) {
  const everyMessage = Object.values(snapshot.messages ?? {}).flat();
  state.me = me;
  state.team = snapshot.team ?? state.team;
  state.bot = snapshot.bot ?? {};
  state.users = new Map((snapshot.users ?? []).map((user) => [user.id, user]));
  state.channels = new Map((snapshot.channels ?? []).map((channel) => [channel.id, channel]));
  state.files = new Map((snapshot.files ?? []).map((file) => [file.id, file]));
  state.homes = snapshot.homes ?? {};
  state.clock = snapshot.clock ?? { available: false };
  state.older = new Set(snapshot.older ?? []);
  state.commands = snapshot.commands ?? [];
  state.views = (snapshot.views ?? []).filter((record) => record.user === me && !state.forgotten.has(record.view_id)).sort((a, b) => a.stack_index - b.stack_index);
  const ephemeral = snapshot.ephemeral?.[me] ?? [];
  // Slack forgets ephemeral messages on reload: only those that came after this page was opened are shown.
  state.openedAt ??= [...everyMessage, ...ephemeral].reduce((newest, message) => (message.ts > newest ? message.ts : newest), "0");
  state.messages = new Map();
  for (const message of everyMessage) if (!message.deleted) listOf(message.channel).push(message);
  for (const message of ephemeral) {
    if (message.ts > state.openedAt || message.ts === linkedTs) listOf(message.channel).push({ ...message, ephemeral: true });
  }
  for (const list of state.messages.values()) list.sort(byTs);
  emit("loaded");
}

/** Adds the older part of a channel from a snapshot that reaches further back. */
export function loadOlder(channel, snapshot) {
  const list = listOf(channel);
  const oldest = list[0]?.ts ?? "~";
  list.unshift(...(snapshot.messages?.[channel] ?? []).filter((message) => message.ts < oldest && !message.deleted).sort(byTs));
  if (!snapshot.older?.includes(channel)) state.older.delete(channel);
}

function listOf(channel) {
  if (!state.messages.has(channel)) state.messages.set(channel, []);
  return state.messages.get(channel);
}

/** Everything in a channel, oldest first, replies included. */
export const messagesOf = (channel) => state.messages.get(channel) ?? [];

export const isReply = (message) => Boolean(message.thread_ts && message.thread_ts !== message.ts);

/** What the channel itself shows: no thread replies, unless they were sent to the channel too. */
export const topLevel = (channel) => messagesOf(channel).filter((message) => !isReply(message) || message.subtype === "thread_broadcast");

export const threadOf = (channel, ts) => messagesOf(channel).filter((message) => message.ts === ts || message.thread_ts === ts);

export function findMessage(channel, ts) {
  const list = messagesOf(channel);
  const found = list[position(list, ts)];
  return found?.ts === ts ? found : undefined;
}

function putMessage(message) {
  for (const file of message.files_info ?? []) state.files.set(file.id, file);
  const list = listOf(message.channel);
  const at = position(list, message.ts);
  const known = list[at]?.ts === message.ts;
  if (known) list[at] = message;
  else list.splice(at, 0, message);
  emit(known ? "message-changed" : "message-added", message);
}

function dropMessage(channel, ts) {
  const list = listOf(channel);
  const at = position(list, ts);
  if (list[at]?.ts !== ts) return;
  const [gone] = list.splice(at, 1);
  emit("message-deleted", gone);
}

function putView(record) {
  if (!record?.view_id || record.user !== state.me || state.forgotten.has(record.view_id)) return;
  const others = state.views.filter((known) => known.view_id !== record.view_id);
  state.views = [...others, record].sort((a, b) => a.stack_index - b.stack_index);
  emit("views");
}

export function dropView(viewId) {
  const before = state.views.length;
  state.views = state.views.filter((known) => known.view_id !== viewId);
  if (state.views.length !== before) emit("views");
}

/** Applies one event of the stream. */
export function apply(change) {
  const message = change.message ?? change;
  switch (change.kind) {
    case "message":
    case "message_changed":
      return message.deleted ? dropMessage(message.channel, message.ts) : putMessage(message);
    case "ephemeral":
      if ((message.ephemeral_for ?? state.me) === state.me) putMessage({ ...message, ephemeral: true });
      return undefined;
    case "message_deleted":
      return dropMessage(change.channel ?? message.channel, change.ts ?? message.ts);
    case "view_opened":
    case "view_updated":
      return putView(change.view_id ? change : change.view);
    case "view_closed":
      return dropView(change.view_id);
    case "home":
      state.homes = { ...state.homes, [change.user]: change.view };
      return emit("home", change.user);
    case "channel": {
      const channel = change.channel?.id ? change.channel : change;
      state.channels.set(channel.id, channel);
      return emit("channels");
    }
    case "user":
      state.users.set(change.user.id, change.user);
      return emit("people");
    case "clock":
      state.clock = { ...state.clock, ...(change.clock ?? change) };
      return emit("clock");
    default:
      return emit(change.kind, change);
  }
}

/** Marks a channel as read up to its newest message, for the person who is looking. */
export function markRead(channel) {
  const newest = messagesOf(channel).at(-1)?.ts;
  const reads = loadReads(state.me);
  if (!newest || reads[channel] >= newest) return;
  saveReads(state.me, { ...reads, [channel]: newest });
  emit("reads");
}

/** How many messages of others a person has not seen in a channel, and whether one of them is meant for them. */
export function unread(channel) {
  const seen = [loadReads(state.me)[channel] ?? "0", state.openedAt ?? "0"].sort().at(-1);
  const list = messagesOf(channel);
  const fresh = list.slice(position(list, seen)).filter((message) => message.ts > seen && message.user !== state.me);
  return { count: fresh.length, mentions: fresh.filter((message) => (message.text ?? "").includes(`<@${state.me}`)).length };
}
