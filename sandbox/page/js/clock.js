// The demo's clock: shows it, and lets time move. Without one, nothing is shown.

import { advanceClock } from "./api.js";
import { h, icon, replace } from "./dom.js";
import { notify } from "./notices.js";
import { on, state } from "./store.js";

const STEPS = [["+1 hour", "+1 h", "1h"], ["+1 day", "+1 d", "1d"], ["To month-end", "Month-end", "month-end"]];
const PLAY_PAUSE_MS = 1500;

let playing = false;
let moving = false;
let arrived = 0; // Usage events that the last move brought, where the demo counts them.
let redraw = () => {};
on("clock", () => redraw());

// The demo's company closes its months in UTC, so the clock shows UTC whoever is looking.
const format = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

export function clockControls() {
  if (!state.clock.available) return null;
  const face = h("time", { class: "clock-face", "data-testid": "clock-now" });
  const buttons = STEPS.map(([label, short, advance]) => h("button", { type: "button", class: "clock-button", "aria-label": label, "data-testid": `clock-${advance}`, onclick: () => move(advance) },
    h("span", { class: "wide-only" }, label), h("span", { class: "narrow-only" }, short)));
  const play = h("button", { type: "button", class: "clock-button", "data-testid": "clock-play", onclick: toggle });
  const news = h("span", { class: "clock-news wide-only", role: "status" });
  const bar = h("div", { class: "clock", role: "group", "aria-label": "Time in the sandbox", "data-testid": "clock-bar" }, h("span", { class: "clock-reading" }, icon("clock"), face, news), h("span", { class: "clock-buttons" }, buttons, play));
  redraw = () => {
    const now = new Date(state.clock.now);
    face.textContent = `${format.format(now)} UTC`;
    face.setAttribute("datetime", state.clock.now);
    for (const button of buttons) button.disabled = moving || playing;
    replace(play, icon(playing ? "pause" : "play"), h("span", { class: "wide-only" }, playing ? "Pause" : "Play"));
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    play.disabled = moving && !playing;
    news.textContent = arrived ? `+${arrived.toLocaleString("en")} events` : "";
    bar.setAttribute("aria-busy", String(moving));
    bar.classList.toggle("moving", moving);
  };
  redraw();
  return bar;
}

/** Moves it as its buttons do; false where it did not. */
export async function move(advance) {
  moving = true;
  redraw();
  const answer = await advanceClock(advance);
  moving = false;
  arrived = answer.ok && Number.isInteger(answer.events) ? answer.events : 0;
  if (answer.ok) state.clock = { ...state.clock, now: answer.now };
  else notify(`The clock did not move: ${answer.error}`);
  redraw();
  return answer.ok;
}

async function toggle() {
  playing = !playing;
  redraw();
  while (playing) {
    playing = (await move("1h")) && playing;
    await new Promise((resolve) => setTimeout(resolve, PLAY_PAUSE_MS));
  }
  redraw();
}
