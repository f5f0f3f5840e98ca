// Elements that offer a choice: menus, multi-menus, checkboxes, radio buttons.

import { words } from "./dialogs.js";
import { h, replace, uniqueId } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { channelName, people, personName } from "./people.js";
import { state } from "./store.js";

const fromOption = (option) => ({ value: option.value, label: withEmoji(option.text?.text ?? option.value), description: option.description });

const usersToPick = () => people().filter((user) => !user.deleted).map((user) => ({ value: user.id, label: personName(user.id) }));

function channelsToPick(kinds) {
  const kindOf = (channel) => (channel.is_im ? "im" : channel.is_private ? "private" : "public");
  // Public channels can be picked by everybody, the others by who is in them.
  return [...new Map([...state.publicChannels, ...state.channels]).values()]
    .filter((channel) => !channel.is_archived && kinds.includes(kindOf(channel)))
    .map((channel) => ({ value: channel.id, label: `${channel.is_im ? "" : "#"}${channelName(channel)}` }));
}

const everyConversation = (element) => channelsToPick(element.filter?.include ?? ["public", "private", "im"]);

/** Where each kind of menu takes its offers from, and which field names its first value. */
const SOURCES = {
  static: { offers: null, initial: "option", pick: (option) => option?.value },
  users: { offers: usersToPick, initial: "user", pick: (id) => id },
  channels: { offers: () => channelsToPick(["public"]), initial: "channel", pick: (id) => id },
  conversations: { offers: everyConversation, initial: "conversation", pick: (id) => id },
};

const offersOf = (source, element) => source.offers?.(element) ?? (element.options ?? []).map(fromOption);

function optionNodes(source, element) {
  if (!element.option_groups) return offersOf(source, element).map((offer) => h("option", { value: offer.value, title: offer.description?.text }, offer.label));
  return element.option_groups.map((group) => h("optgroup", { label: group.label?.text }, group.options.map(fromOption).map((offer) => h("option", { value: offer.value }, offer.label))));
}

const dispatches = (block) => block.type !== "input" || block.dispatch_action;

function single(source) {
  return (element, block, surface) => {
    const held = surface.form?.kept(block, element) ?? source.pick(element[`initial_${source.initial}`]) ?? "";
    const optional = block.type === "input" && block.optional;
    const select = h("select", { class: "select", "data-action-id": element.action_id, "data-testid": `action-${element.action_id}`, "aria-label": block.type === "input" ? null : element.placeholder?.text ?? "Choose" },
      h("option", { value: "", disabled: !optional, hidden: !optional }, element.placeholder?.text ?? "Choose an option"), optionNodes(source, element));
    select.value = held;
    if (select.selectedIndex < 0) select.value = "";
    surface.form?.register(block, element, () => select.value || null);
    select.addEventListener("change", () => dispatches(block) && surface.act({ element, block, value: select.value, control: select }));
    return select;
  };
}

/** Several values: a closed line that names them, an open list of checkboxes. */
function multi(source) {
  return (element, block, surface) => {
    const first = source.pick === SOURCES.static.pick ? element.initial_options?.map((option) => option.value) : element[`initial_${source.initial}s`];
    const chosen = new Set(surface.form?.kept(block, element) ?? first ?? []);
    const offers = element.option_groups ? element.option_groups.flatMap((group) => group.options.map(fromOption)) : offersOf(source, element);
    const summary = h("summary", { class: "select" });
    const most = element.max_selected_items ?? Infinity;
    const boxes = offers.map((offer) => h("label", { class: "choice" },
      h("input", { type: "checkbox", value: offer.value, ".checked": chosen.has(offer.value), onchange: (event) => toggle(offer.value, event.target) }), h("span", {}, offer.label)));
    const details = h("details", { class: "multi", "data-testid": `action-${element.action_id}` }, summary, h("div", { class: "multi-list" }, boxes));
    let before = "";

    function toggle(value, box) {
      if (box.checked && chosen.size >= most) box.checked = false;
      else if (box.checked) chosen.add(value);
      else chosen.delete(value);
      name();
    }

    function name() {
      const labels = offers.filter((offer) => chosen.has(offer.value)).map((offer) => h("span", { class: "chip" }, offer.label));
      replace(summary, labels.length ? labels : h("span", { class: "placeholder" }, element.placeholder?.text ?? "Choose options"));
    }

    details.addEventListener("toggle", () => {
      const now = [...chosen].join("\n");
      if (details.open) before = now;
      else if (now !== before && dispatches(block)) surface.act({ element, block, value: [...chosen], control: summary });
    });
    details.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !details.open) return;
      event.preventDefault();
      event.stopPropagation();
      details.open = false;
      summary.focus();
    });
    name();
    surface.form?.register(block, element, () => (chosen.size ? [...chosen] : null));
    return details;
  };
}

function boxes(kind) {
  return (element, block, surface) => {
    const many = kind === "checkbox";
    const first = many ? element.initial_options?.map((option) => option.value) : element.initial_option && [element.initial_option.value];
    const kept = surface.form?.kept(block, element);
    const chosen = (kept === undefined ? first : [kept].flat()) ?? [];
    const name = uniqueId("choice");
    const inputs = (element.options ?? []).map((option) => h("input", { type: kind, name, value: option.value, ".checked": chosen.includes(option.value) }));
    const read = () => {
      const values = inputs.filter((input) => input.checked).map((input) => input.value);
      return many ? (values.length ? values : null) : values[0] ?? null;
    };
    const group = h("div", { class: "choices", role: many ? "group" : "radiogroup", "data-action-id": element.action_id, "data-testid": `action-${element.action_id}` },
      element.options.map((option, at) => h("label", { class: "choice" }, inputs[at],
        h("span", {}, h("span", { class: "choice-text" }, words(option.text)), option.description ? h("small", {}, words(option.description)) : null))));
    group.addEventListener("change", () => dispatches(block) && surface.act({ element, block, value: read() ?? [], control: group }));
    surface.form?.register(block, element, read);
    return group;
  };
}

export const choiceElements = {
  static_select: single(SOURCES.static), users_select: single(SOURCES.users), channels_select: single(SOURCES.channels), conversations_select: single(SOURCES.conversations),
  multi_static_select: multi(SOURCES.static), multi_users_select: multi(SOURCES.users), multi_channels_select: multi(SOURCES.channels), multi_conversations_select: multi(SOURCES.conversations),
  checkboxes: boxes("checkbox"), radio_buttons: boxes("radio"),
};
