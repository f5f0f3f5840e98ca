// The guided tour, driven by data of the server: a step says who does what where, and can do it for the person.

import { fetchTour } from "./api.js";
import { byId, h, icon, iconButton, replace } from "./dom.js";
import { personName } from "./people.js";

const KEY = "sandbox.tour";
const NARROW = "(max-width: 760px)";
let steps = [];
let perform = async () => {};

/** `play` carries a step out: becomes the person, goes to the place, types and sends. */
export async function startTour(play) {
  perform = play;
  const answer = await fetchTour();
  steps = answer.ok ? answer.steps ?? [] : [];
  draw();
}

function progress() {
  // On a phone the conversation needs the room, so the tour starts as one line there.
  const first = { at: 0, folded: matchMedia(NARROW).matches, over: false };
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
  const { at, folded, over } = progress();
  holder.hidden = !steps.length;
  if (!steps.length) return;
  holder.classList.toggle("folded", folded || over);
  if (over) {
    replace(holder, h("button", { type: "button", class: "tour-again", onclick: () => save({ at: 0, over: false, folded: false }) }, icon("flag"), "Take the tour"));
    return;
  }
  const index = Math.min(at, steps.length - 1);
  const step = steps[index];
  const fold = iconButton("chevron", folded ? "Open the tour" : "Fold the tour", () => save({ folded: !folded }), { class: `icon-button ${folded ? "flip-up" : ""}`, "aria-expanded": String(!folded) });
  replace(holder,
    h("div", { class: "tour-head" }, h("span", { class: "tour-count" }, `${index + 1} of ${steps.length}`), h("strong", { class: "tour-title" }, step.title), h("span", { class: "grow" }), folded ? doIt(step) : null, fold,
      iconButton("close", "Skip the tour", () => save({ over: true }), { "data-testid": "tour-skip" })),
    folded ? null : h("div", { class: "tour-body" }, h("p", {}, step.text), buttons(step, index)));
}

const what = (step) => h("span", { class: "tour-what" }, step.as ? `As ${personName(step.as)} ` : null, step.type ? h("code", {}, step.type) : null);

function doIt(step) {
  if (!step.type && !step.as && !step.go) return null;
  const act = h("button", {
    type: "button", class: "button small primary", "data-testid": "tour-do",
    onclick: async () => {
      act.disabled = true;
      await perform(step);
      act.disabled = false;
    },
  }, "Do it for me");
  return act;
}

function buttons(step, index) {
  const last = index === steps.length - 1;
  return h("div", { class: "tour-buttons" }, doIt(step),
    index > 0 ? h("button", { type: "button", class: "button small", onclick: () => save({ at: index - 1 }) }, "Back") : null,
    h("button", { type: "button", class: "button small", "data-testid": "tour-next", onclick: () => save(last ? { over: true } : { at: index + 1 }) }, last ? "Finish" : "Next"),
    what(step));
}
