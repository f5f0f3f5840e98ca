// Puts the page together: who is looking, what they look at, and what changes.

import { fetchState } from "./api.js";
import { composerHere, current, showRoute, startConversation, titleOf } from "./conversation.js";
import { byId, h, replace } from "./dom.js";
import { spoken } from "./message.js";
import { startModals } from "./modal.js";
import { notify } from "./notices.js";
import { people } from "./people.js";
import { startProfiles } from "./profile.js";
import { channelLink, go, parse } from "./route.js";
import { startSidebar } from "./sidebar.js";
import { load, on, state } from "./store.js";
import { openStream } from "./stream.js";
import { startTopbar } from "./topbar.js";
import { startTour } from "./tour.js";
import { startTraffic } from "./traffic.js";

const ME = "sandbox.me";
const FIRST_CHANNEL = "C0BUDGET";
const ANNOUNCED = 20;

async function start() {
  const asked = new URLSearchParams(location.search).get("as");
  const linked = parse(location.hash);
  const wanted = linked.view === "person" ? linked.user : asked ?? localStorage.getItem(ME);
  if (!(await loadFor(wanted, linked.ts))) return;
  startTopbar(become);
  startSidebar();
  startConversation();
  startProfiles(become);
  startTraffic();
  startAnnouncer();
  startModals();
  window.addEventListener("hashchange", follow);
  follow();
  openStream(state.me, reload);
  startTour(perform);
}

/** Fetches the workspace as a person sees it. Somebody unknown becomes the first person there is. */
async function loadFor(user, linkedTs) {
  let snapshot = await fetchState(user);
  const known = (id) => snapshot.users?.some((one) => one.id === id && !one.deleted && !one.is_bot);
  if (!snapshot.ok && user) snapshot = await fetchState();
  if (!snapshot.users) {
    replace(byId("pane-body"), h("p", { class: "failure", role: "alert" }, `This page could not be loaded. ${snapshot.error ?? ""}`));
    return false;
  }
  const person = known(user) ? user : snapshot.users.find((one) => known(one.id)).id;
  if (person !== user) snapshot = await fetchState(person);
  load(snapshot, person, linkedTs);
  localStorage.setItem(ME, person);
  return true;
}

/** After a lost connection: everything anew, for the same person. */
async function reload() {
  if (await loadFor(state.me)) redraw();
}

function redraw() {
  showRoute({ view: "none" });
  follow();
}

/** Sits another person at the keyboard. */
async function become(user) {
  if (user === state.me) return;
  if (!(await loadFor(user))) return;
  openStream(state.me, reload);
  const here = current();
  // A direct conversation belongs to one person: the next one starts in a channel they are in.
  if (here.channel && !state.channels.has(here.channel)) go(defaultLink());
  redraw();
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
  if (step.go) go(channelLink(step.go));
  await new Promise((resolve) => setTimeout(resolve, 50)); // The address change is delivered as an event.
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
