// The app's Home tab, as it was last published for the person who is looking.

import { surface } from "./actions.js";
import { renderBlocks } from "./blocks.js";
import { showPayload } from "./dialogs.js";
import { h, icon, replace } from "./dom.js";
import { InputForm } from "./form.js";
import { appName } from "./people.js";
import { state } from "./store.js";

let form = null;
let owner = null;

export function renderHome(holder) {
  const view = state.homes[state.me];
  form = new InputForm(owner === state.me ? form : null);
  owner = state.me;
  if (!view) {
    replace(holder, h("div", { class: "home empty", "data-testid": "home" }, h("p", {}, `${appName()} has not published a Home tab for you yet.`)));
    return;
  }
  const body = view.blocks ? view : view.view ?? {};
  const scrolled = holder.querySelector(".home")?.scrollTop ?? 0;
  replace(holder, h("div", { class: "home", tabindex: "0", role: "region", "aria-label": `${appName()} Home`, "data-testid": "home" },
    h("div", { class: "home-content" },
      h("div", { class: "home-tools" }, h("button", { type: "button", class: "button small quiet", onclick: () => showPayload("Home tab", body) }, icon("braces"), "JSON")),
      renderBlocks(body.blocks, surface("home", { view_id: "home" }, form)))));
  holder.firstChild.scrollTop = scrolled;
}
