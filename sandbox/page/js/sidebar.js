// Conversations on the left: channels, direct messages, the app.

import { byId, h, icon, replace } from "./dom.js";
import { appConversation, appName, avatar, channelName, isApp } from "./people.js";
import { channelLink, HOME } from "./route.js";
import { on, state, unread } from "./store.js";

let active = {};

export function startSidebar() {
  for (const event of ["loaded", "reads", "channels", "message-added", "message-deleted"]) on(event, draw);
  on("shown", (route) => {
    active = route;
    draw();
    toggle(false);
  });
  on("toggle-sidebar", () => toggle(!document.body.classList.contains("sidebar-open")));
  byId("scrim").addEventListener("click", () => toggle(false));
  byId("sidebar").addEventListener("keydown", (event) => event.key === "Escape" && toggle(false));
}

function toggle(open) {
  const was = document.body.classList.contains("sidebar-open");
  document.body.classList.toggle("sidebar-open", open);
  byId("scrim").hidden = !open;
  const opener = document.querySelector("#pane-head [data-testid=menu]");
  opener?.setAttribute("aria-expanded", String(open));
  if (open) byId("sidebar").querySelector("a")?.focus();
  else if (was) opener?.focus();
}

let asked = false;
/** Many changes at once draw the list once. */
function draw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    render();
  });
}

function render() {
  const channels = [...state.channels.values()].filter((channel) => !channel.is_im).sort((a, b) => a.is_archived - b.is_archived || a.name.localeCompare(b.name));
  const people = [...state.channels.values()].filter((channel) => channel.is_im && channel.id !== appConversation() && !isApp(channel.user));
  const focused = byId("sidebar").contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  replace(byId("sidebar"),
    group("Channels", channels.map(channelRow)),
    people.length ? group("Direct messages", people.map(directRow)) : null,
    group("Apps", [appRow(), homeRow()]));
  if (focused) byId("sidebar").querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

const group = (title, rows) => h("section", { class: "side-group" }, h("h2", {}, title), h("ul", {}, rows));

function row({ id, link, picture, label, marks = { count: 0, mentions: 0 }, countAll = false, quiet = false, current }) {
  const badge = countAll ? marks.count : marks.mentions;
  return h("li", {}, h("a", {
    href: link, class: `side-row ${marks.count ? "unread" : ""} ${quiet ? "quiet" : ""}`, "data-testid": `channel-${id}`, "aria-current": current ? "page" : null,
  }, picture, h("span", { class: "side-name" }, label),
    marks.count && !badge ? h("span", { class: "sr-only" }, "unread") : null,
    badge ? h("span", { class: "badge", "aria-label": `${badge} unread` }, badge > 99 ? "99+" : badge) : null));
}

function channelRow(channel) {
  return row({
    id: channel.id, link: channelLink(channel.id), picture: icon(channel.is_archived ? "archive" : channel.is_private ? "lock" : "hash"), label: channel.name,
    marks: unread(channel.id), quiet: channel.is_archived, current: active.channel === channel.id,
  });
}

function directRow(channel) {
  return row({ id: channel.id, link: channelLink(channel.id), picture: avatar(channel.user, "tiny"), label: channelName(channel), marks: unread(channel.id), countAll: true, current: active.channel === channel.id });
}

function appRow() {
  const id = appConversation();
  return row({ id, link: channelLink(id), picture: avatar(state.bot.user_id, "tiny"), label: appName(), marks: unread(id), countAll: true, current: active.channel === id });
}

const homeRow = () => row({ id: "home", link: HOME, picture: h("span", { class: "side-indent" }), label: "Home tab", current: active.view === "home" });

