// Puts the page together: who is looking, what they look at, and what changes.

import { fetchEverybody, fetchState } from "./api.js";
import { move as moveClock } from "./clock.js";
import { composerHere, current, leave, showRoute, startConversation, titleOf } from "./conversation.js";
import { byId, h, replace } from "./dom.js";
import { spoken } from "./message.js";
import { startModals } from "./modal.js";
import { notify } from "./notices.js";
import { appConversation, people } from "./people.js";
import { startProfiles } from "./profile.js";
import { channelLink, go, HOME, parse } from "./route.js";
import { startSidebar } from "./sidebar.js";
import { load, on, state } from "./store.js";
import { openStream } from "./stream.js";
import { startTopbar } from "./topbar.js";
import { startTour } from "./tour.js";
import { startTraffic } from "./traffic.js";

const ME = "sandbox.me";
const FIRST_CHANNEL = "C0BUDGET";
const ANNOUNCED = 20;

let isStarted = false;

async function start() {
  const asked = new URLSearchParams(location.search).get("as");
  const linked = parse(location.hash);
  const person = await whoeverIs(linked.view === "person" ? linked.user : asked ?? localStorage.getItem(ME));
  if (!person) return;
  await openStream(person, () => loadFor(person, linked.ts));
  if (!state.me) return;
  startTopbar(become);
  startSidebar();
  startConversation();
  startProfiles(become);
  startTraffic();
  startAnnouncer();
  startModals();
  window.addEventListener("hashchange", follow);
  // Its address would be taken for a conversation: the link only moves the focus.
  byId("skip-link").addEventListener("click", (event) => {
    event.preventDefault();
    (composerHere() ?? byId("pane-body").firstElementChild)?.focus();
  });
  follow();
  isStarted = true;
  startTour(perform);
}

const canSit = (user) => !user.deleted && !user.is_bot;

/** The person asked for; for somebody unknown, the first person there is. Null when the server does not answer. */
async function whoeverIs(wanted) {
  const { users, channels, views, error } = await fetchEverybody();
  // Slack's client forgets open modals on reload; the app is not told.
  state.forgotten = new Set(views?.map((record) => record.view_id));
  state.publicChannels = new Map(channels?.filter((channel) => !channel.is_private).map((channel) => [channel.id, channel]));
  const found = users?.find((user) => user.id === wanted && canSit(user)) ?? users?.find(canSit);
  if (!found) fail(error ?? "There is nobody in this workspace.");
  return found?.id ?? null;
}

function fail(why) {
  replace(byId("pane-body"), h("p", { class: "failure", role: "alert" }, `This page could not be loaded. ${why}`));
}

/** Fetches the workspace as a person sees it; after a lost connection, everything that is shown is drawn anew. */
async function loadFor(user, linkedTs) {
  const snapshot = await fetchState(user);
  if (!snapshot.users) {
    if (!isStarted) fail(snapshot.error);
    return;
  }
  load(snapshot, user, linkedTs);
  localStorage.setItem(ME, user);
  if (isStarted) redraw();
}

function redraw() {
  const here = current();
  leave();
  // A direct or private conversation belongs to some: who is not in it starts in a channel they are in.
  if (here.channel && !state.channels.has(here.channel)) go(defaultLink(), { quietly: true });
  else follow();
}

/** Sits another person at the keyboard. */
async function become(user) {
  if (user === state.me) return;
  await openStream(user, () => loadFor(user));
  document.querySelector("[data-testid=person-switcher]")?.focus();
}

function defaultLink() {
  const open = [...state.channels.values()].filter((channel) => !channel.is_im && !channel.is_archived);
  return channelLink((open.find((channel) => channel.id === FIRST_CHANNEL) ?? open[0])?.id ?? "");
}

function follow() {
  const route = parse(location.hash);
  if (route.view === "person") {
    const known = people().some((user) => user.id === route.user && !user.deleted);
    go(defaultLink(), { quietly: true });
    if (known) become(route.user);
    else notify("There is no such person in this workspace.");
    return;
  }
  if (route.view === "none") {
    go(defaultLink(), { quietly: true });
    return;
  }
  showRoute(route);
  document.title = `${titleOf(route)} · ${state.team.name} (sandbox)`;
}

/** Carries out a step of the tour as if the person had done it. */
async function perform(step) {
  if (step.as) await become(step.as);
  if (step.go) go(step.go === "home" ? HOME : channelLink(step.go === "dm" ? appConversation() : step.go));
  await new Promise((resolve) => setTimeout(resolve, 50)); // The address change is delivered as an event.
  if (step.clock) {
    await moveClock(step.clock); // Once one is there, to see what arrives;
    document.querySelector(".jump:not([hidden])")?.click(); // and it arrives at the end.
  }
  const composer = composerHere();
  if (!step.type || !composer) return;
  composer.put(step.type);
  await new Promise((resolve) => setTimeout(resolve, 600)); // Long enough to see what is being typed.
  await composer.submit();
}

/** New messages are read out, whichever channel is open; the log stays short. */
function startAnnouncer() {
  on("message-added", (message) => {
    if (message.user === state.me) return;
    const log = byId("announcer");
    log.append(h("p", {}, spoken(message)));
    while (log.children.length > ANNOUNCED) log.firstChild.remove();
  });
}

start();
