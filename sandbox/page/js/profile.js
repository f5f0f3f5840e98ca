// A small card about a person, opened from a mention or a name.

import { h, iconButton, uniqueId } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { appConversation, appName, avatar, isApp, personName } from "./people.js";
import { channelLink, go } from "./route.js";
import { statusOf } from "./status.js";
import { on, state } from "./store.js";

export function startProfiles(become) {
  on("show-person", ({ id }) => show(id, become));
}

function localTime(zone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(new Date());
}

function show(id, become) {
  const user = state.users.get(id);
  const app = isApp(id);
  if (!user && !app) return;
  const titleId = uniqueId("profile");
  const dialog = h("dialog", { class: "dialog dialog-small profile", "aria-labelledby": titleId, "data-light": "true", "data-testid": "profile" });
  const leave = (then) => () => {
    dialog.close();
    then();
  };
  const action = app
    ? h("button", { type: "button", class: "button primary", onclick: leave(() => go(channelLink(appConversation()))) }, "Open messages")
    : user.deleted || id === state.me ? null : h("button", { type: "button", class: "button primary", onclick: leave(() => become(id)) }, `Be ${user.real_name}`);
  dialog.append(
    h("div", { class: "dialog-head" }, h("h2", { id: titleId }, app ? appName() : personName(id)), iconButton("close", "Close", () => dialog.close())),
    h("div", { class: "dialog-body profile-body" }, avatar(id, "large"), h("dl", {},
      h("dt", {}, app ? "App" : "Title"), h("dd", {}, app ? "Installed in this workspace" : user.deleted ? "Deactivated" : user.title || "—"),
      statusOf(user) ? [h("dt", {}, "Status"), h("dd", {}, statusOf(user))] : null,
      user && !app ? [h("dt", {}, "Local time"), h("dd", {}, `${localTime(user.tz)} (${user.tz})`)] : null,
      h("dt", {}, "Id"), h("dd", {}, h("code", {}, id)))),
    action ? h("div", { class: "dialog-foot" }, action) : null);
  openDialog(dialog);
}
