// Block Kit's layout blocks. `surface` says where they stand: {kind: "message" | "modal" | "home", act, form?}.

import { fileUrl } from "./api.js";
import { dataVisualization } from "./charts.js";
import { showImage, words } from "./dialogs.js";
import { fragment, h, icon, uniqueId } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { renderElement } from "./elements.js";
import { markdown } from "./markdown.js";
import { richText } from "./rich_text.js";
import { state } from "./store.js";
import { dataTable, plainTable } from "./tables.js";

const RENDER = {
  section, header, context, actions, input,
  image: (block) => image(block),
  divider: () => h("hr", { class: "divider" }),
  markdown: (block) => h("div", { class: "markdown" }, markdown(block.text)),
  rich_text: (block) => h("div", { class: "rich-text" }, richText(block)),
  table: (block) => plainTable(block),
  data_table: (block) => dataTable(block),
  data_visualization: (block) => dataVisualization(block),
  file: (block) => fileCard(state.files.get(block.file_id) ?? { id: block.file_id ?? block.external_id, name: "File" }),
  alert: (block) => h("div", { class: `alert alert-${block.level ?? "info"}`, role: "note" }, words(block.text)),
};

export function renderBlocks(blocks, surface) {
  return fragment((blocks ?? []).map((block) => {
    const render = RENDER[block.type];
    const content = render ? render(block, surface) : h("p", { class: "unknown-block" }, `The sandbox does not draw ${block.type} blocks; its JSON is behind { }.`);
    return h("div", { class: `block block-${block.type}`, "data-block-id": block.block_id }, content);
  }));
}

function section(block, surface) {
  const fields = block.fields?.length ? h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "field" }, words(field)))) : null;
  const accessory = block.accessory
    ? h("div", { class: `accessory accessory-${block.accessory.type}` },
        block.accessory.type === "image" ? thumbnail(block.accessory) : renderElement(block.accessory, block, surface))
    : null;
  return h("div", { class: "section" }, h("div", { class: "section-text" }, block.text ? h("div", {}, words(block.text)) : null, fields), accessory);
}

function header(block) {
  return h("h3", { class: "header-block" }, withEmoji(block.text?.text ?? ""));
}

function context(block) {
  return h("div", { class: "context" }, (block.elements ?? []).map((element) =>
    element.type === "image" ? h("img", { class: "context-image", src: imageSource(element), alt: element.alt_text ?? "" }) : h("span", {}, words(element))));
}

function actions(block, surface) {
  return h("div", { class: "actions" }, (block.elements ?? []).map((element) => renderElement(element, block, surface)));
}

function imageSource(block) {
  if (block.slack_file?.id) return fileUrl(block.slack_file.id);
  return block.image_url ?? block.slack_file?.url ?? "";
}

const thumbnail = (element) => h("img", { class: "thumbnail", src: imageSource(element), alt: element.alt_text ?? "" });

function image(block) {
  const source = imageSource(block);
  const alt = block.alt_text ?? "";
  const picture = h("img", { src: source, alt, loading: "lazy" });
  // A file Slack has only just been given may need a moment: one more try, then the alternative text stands in for it.
  picture.addEventListener("error", () => setTimeout(() => {
    picture.addEventListener("error", () => picture.closest("button")?.replaceChildren(h("span", { class: "image-missing" }, alt || "This image is not available.")));
    picture.src = `${source}${source.includes("?") ? "&" : "?"}again=1`;
  }, 1200), { once: true });
  return h("figure", { class: "image" },
    block.title ? h("figcaption", {}, words(block.title)) : null,
    h("button", { type: "button", class: "image-button", "aria-label": `Enlarge image: ${alt}`, onclick: () => showImage(source, alt) }, picture));
}

/** An input block: label, field, hint, and the place where a refusal appears. */
function input(block, surface) {
  const hintId = uniqueId("hint");
  const errorId = uniqueId("error");
  const group = ["checkboxes", "radio_buttons", "multi_static_select", "file_input"].includes(block.element?.type);
  const error = h("p", { class: "field-error", id: errorId, "data-testid": "field-error", hidden: true });
  const control = renderElement(block.element, block, surface);
  const focusable = control.matches("input, select, textarea") ? control : control.querySelector("input, select, textarea, button");
  const label = h(group ? "span" : "label", { class: "input-label" }, words(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null);
  label.id = uniqueId("label");
  if (focusable) {
    focusable.id ||= uniqueId("field");
    if (!group) label.setAttribute("for", focusable.id);
    focusable.setAttribute("aria-describedby", `${block.hint ? `${hintId} ` : ""}${errorId}`);
    if (!block.optional) focusable.setAttribute("aria-required", "true");
  }
  const wrapper = h("div", { class: "input-block", ...(group ? { role: "group", "aria-labelledby": label.id } : {}) },
    label, control, block.hint ? h("p", { class: "hint", id: hintId }, words(block.hint)) : null, error);
  surface.form?.place(block, { wrapper, error, focusable });
  return wrapper;
}

const sizeText = (bytes) => (bytes >= 1_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : bytes >= 1000 ? `${Math.round(bytes / 1000)} kB` : `${bytes ?? 0} B`);

/** A file below a message: pictures are shown, anything else is a card to download. */
export function fileCard(file) {
  if (file.mimetype?.startsWith("image/")) {
    return image({ slack_file: { id: file.id }, alt_text: file.alt_text || file.title || file.name });
  }
  return h("a", { class: "file-card", href: fileUrl(file.id), download: file.name, target: "_blank", rel: "noopener" },
    icon("file"), h("span", { class: "file-name" }, file.title || file.name), h("span", { class: "file-size" }, file.size === undefined ? "" : sizeText(file.size)));
}
