// The bar on top: which workspace, the clock where there is one, theme, traffic, and who is at the keyboard.

import { clockControls } from "./clock.js";
import { byId, h, icon, iconButton, replace } from "./dom.js";
import { me, people, personName, avatar } from "./people.js";
import { askForStatus, statusOf } from "./status.js";
import { cycleTheme, themeLabel } from "./theme.js";
import { emit, on, state } from "./store.js";

let choose = () => {};
let isTourOffered = false;

/** `onchoose` gets the id of the person to become. */
export function startTopbar(onchoose) {
  choose = onchoose;
  on("loaded", draw);
  on("people", draw);
  on("connection", drawConnection);
  on("tour-offered", (offered) => {
    isTourOffered = offered;
    draw();
  });
  draw();
}

function draw() {
  const theme = iconButton("moon", themeLabel(), () => {
    cycleTheme();
    theme.title = themeLabel();
    theme.setAttribute("aria-label", themeLabel());
  }, { "data-testid": "theme" });
  const traffic = iconButton("traffic", "Show traffic", () => emit("toggle-traffic"), { "data-testid": "traffic-open", "aria-controls": "traffic" });
  replace(byId("topbar"),
    h("div", { class: "brand" }, h("img", { src: "/static/favicon.svg", alt: "", width: 24, height: 24 }), h("span", { class: "brand-name" }, state.team.name ?? "Workspace"), h("span", { class: "brand-note" }, "local sandbox")),
    h("span", { class: "connection", id: "connection", role: "status" }),
    clockControls(), h("span", { class: "grow" }), isTourOffered ? iconButton("flag", "Take the tour", () => emit("tour-again")) : null, theme, traffic, switcher());
  drawConnection();
}

function drawConnection() {
  const note = byId("connection");
  if (note) note.textContent = state.connected ? "" : "Reconnecting…";
}

function switcher() {
  const menu = h("div", { class: "menu people-menu", role: "menu", "aria-label": "Who are you?", hidden: true, "data-testid": "person-menu" });
  const opener = h("button", {
    type: "button", class: "person-switch", "aria-haspopup": "menu", "aria-expanded": "false", "data-testid": "person-switcher", "aria-label": `You are ${personName(state.me)}. Change person`,
    onclick: () => show(menu.hidden),
  }, avatar(state.me, "small"), h("span", { class: "person-words" }, h("strong", {}, personName(state.me)), h("small", {}, statusOf(me()) || (me()?.title ?? ""))), icon("chevron"));
  const items = people().map((user) => h("button", {
    type: "button", role: "menuitemradio", "aria-checked": String(user.id === state.me), tabindex: "-1", disabled: user.deleted, "data-testid": `person-${user.id}`,
    onclick: () => { show(false); choose(user.id); },
  }, avatar(user.id, "small"), h("span", { class: "person-words" }, h("strong", {}, user.real_name), h("small", {}, user.deleted ? "Deactivated" : statusOf(user) || user.title)), user.id === state.me ? icon("check") : null));
  const status = h("button", { type: "button", role: "menuitem", tabindex: "-1", class: "menu-last", "data-testid": "set-status", onclick: () => { show(false); askForStatus(); } }, "Set a status");
  menu.append(h("p", { class: "menu-title" }, "Be somebody in this workspace"), ...items, status);
  items.push(status);
  const holder = h("div", { class: "person-holder" }, opener, menu);

  function show(open) {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) (items.find((item) => item.getAttribute("aria-checked") === "true") ?? items[0])?.focus();
    else opener.focus();
  }

  menu.addEventListener("keydown", (event) => {
    const usable = items.filter((item) => !item.disabled);
    const at = usable.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: usable.length - 1 }[event.key];
    if (to !== undefined) usable[(to + usable.length) % usable.length].focus();
    else if (event.key === "Escape") show(false);
    else return;
    event.preventDefault();
  });
  holder.addEventListener("focusout", (event) => {
    if (menu.hidden || holder.contains(event.relatedTarget)) return;
    menu.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  });
  return holder;
}
