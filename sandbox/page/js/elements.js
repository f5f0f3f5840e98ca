// Block Kit's interactive elements. Each is a control that tells its surface what a person did;
// inside a form (modal, Home tab) it also answers what it holds.

import { choiceElements } from "./choices.js";
import { h, icon, uniqueId } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { fieldElements } from "./fields.js";
import { words } from "./dialogs.js";

const RENDER = { button, workflow_button: button, overflow, ...choiceElements, ...fieldElements };

export function renderElement(element, block, surface) {
  const render = RENDER[element?.type];
  if (!render) return h("span", { class: "unknown-block" }, `The sandbox does not draw ${element?.type} elements.`);
  return render(element, block, surface);
}

function button(element, block, surface) {
  const node = h("button", {
    type: "button", class: `button ${element.style ?? ""}`, "data-action-id": element.action_id, "data-testid": `action-${element.action_id}`,
    "aria-label": element.accessibility_label,
  }, h("span", { class: "button-text" }, words(element.text)));
  node.addEventListener("click", () => {
    if (element.url) window.open(element.url, "_blank", "noopener");
    surface.act({ element, block, value: element.value, control: node });
  });
  return node;
}

/** A menu behind three dots: arrows move, Enter chooses, Esc closes and gives the focus back. */
function overflow(element, block, surface) {
  const menuId = uniqueId("menu");
  const opener = h("button", { type: "button", class: "button icon-only", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": menuId, "data-testid": `action-${element.action_id}` }, icon("more"));
  const items = (element.options ?? []).map((option) =>
    h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => choose(option) },
      h("span", {}, withEmoji(option.text?.text ?? "")), option.description ? h("small", {}, option.description.text) : null));
  const menu = h("div", { class: "menu", role: "menu", id: menuId, hidden: true }, items);
  const holder = h("span", { class: "overflow" }, opener, menu);

  function show(open, focusBack = true) {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) items[0]?.focus();
    else if (focusBack) opener.focus();
  }

  function choose(option) {
    show(false);
    if (option.url) window.open(option.url, "_blank", "noopener");
    surface.act({ element, block, value: option.value, control: opener });
  }

  opener.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length].focus();
    else if (event.key === "Escape") show(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  holder.addEventListener("focusout", (event) => {
    if (!menu.hidden && !holder.contains(event.relatedTarget)) show(false, false);
  });
  return holder;
}
