// The guided tour, driven by data of the server: a step says who does what where, and can do it for the person.

import { fetchTour } from "./api.js";
import { byId, h, iconButton, replace } from "./dom.js";
import { personName } from "./people.js";
import { emit, on } from "./store.js";

const KEY = "sandbox.tour";
const NARROW = "(max-width: 760px)";
let steps = [];
let perform = async () => {};

/** `play` carries a step out: becomes the person, goes to the place, types and sends. */
export function startTour(play) {
  perform = play;
  on("tour", fetchSteps);
  on("tour-again", () => save({ at: 0, done: -1, over: false, folded: false }));
  fetchSteps();
}

async function fetchSteps() {
  const answer = await fetchTour();
  steps = answer.ok ? answer.steps ?? [] : [];
  draw();
}

function progress() {
  // On a phone the conversation needs the room, so the tour starts as one line there.
  const first = { at: 0, done: -1, folded: matchMedia(NARROW).matches, over: false };
  try {
    return { ...first, ...JSON.parse(localStorage.getItem(KEY)) };
  } catch {
    return first;
  }
}

function save(change) {
  localStorage.setItem(KEY, JSON.stringify({ ...progress(), ...change }));
  draw();
}

function draw() {
  const holder = byId("tour");
  const { at, done, folded, over } = progress();
  holder.hidden = !steps.length || over;
  emit("tour-offered", steps.length > 0 && over);
  if (holder.hidden) return;
  holder.classList.toggle("folded", folded);
  const index = Math.min(at, steps.length - 1);
  const step = steps[index];
  const fold = iconButton("chevron", folded ? "Open the tour" : "Fold the tour", () => save({ folded: !folded }), { class: `icon-button ${folded ? "flip-up" : ""}`, "aria-expanded": String(!folded) });
  replace(holder,
    h("div", { class: "tour-head" }, h("span", { class: "tour-count" }, `${index + 1} of ${steps.length}`), h("strong", { class: "tour-title" }, step.title), h("span", { class: "grow" }), folded ? (done >= index ? goOn(index) : doIt(step, index)) : null, fold,
      iconButton("close", "Skip the tour", () => save({ over: true }), { "data-testid": "tour-skip" })),
    folded ? null : h("div", { class: "tour-body" }, h("p", {}, step.text), buttons(step, index, done >= index)));
}

const what = (step) => h("span", { class: "tour-what" }, step.as ? `As ${personName(step.as)} ` : null, step.type ? h("code", {}, step.type) : step.clock ? "after some time" : null);

function doIt(step, index, isDone = false) {
  if (!step.type && !step.as && !step.go && !step.clock) return null;
  const act = h("button", {
    type: "button", class: `button small ${isDone ? "" : "primary"}`, "data-testid": "tour-do",
    onclick: async () => {
      act.disabled = true;
      await perform(step);
      act.disabled = false;
      save({ done: index });
    },
  }, isDone ? "Do it again" : step.type ? "Do it for me" : step.clock ? "Let it happen" : "Take me there");
  return act;
}

/** On to the next step; it is the plain thing to do once this one is done. */
function goOn(index, isMain = true) {
  const last = index === steps.length - 1;
  return h("button", {
    type: "button", class: `button small ${isMain ? "primary" : ""}`, "data-testid": "tour-next",
    onclick: () => save(last ? { over: true } : { at: index + 1 }),
  }, last ? "Finish" : "Next");
}

function buttons(step, index, isDone) {
  return h("div", { class: "tour-buttons" }, isDone ? goOn(index) : doIt(step, index),
    index > 0 ? h("button", { type: "button", class: "button small", onclick: () => save({ at: index - 1 }) }, "Back") : null,
    isDone ? doIt(step, index, true) : goOn(index, false), what(step));
}
