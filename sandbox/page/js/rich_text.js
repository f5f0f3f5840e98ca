// The `rich_text` block: sections, lists, quotes and preformatted text made of styled elements.

import { fragment, h } from "./dom.js";
import { glyph } from "./emoji.js";
import { broadcast, channelMention, link, userMention } from "./mentions.js";
import { slackDate } from "./dates.js";

const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "del"]];

const INLINE = {
  text: (element) => withBreaks(element.text ?? ""),
  link: (element) => link(element.url ?? "", element.text || element.url),
  emoji: (element) => h("span", { class: "emoji", role: "img", "aria-label": element.name }, glyph(element.name) ?? `:${element.name}:`),
  user: (element) => userMention(element.user_id),
  channel: (element) => channelMention(element.channel_id),
  usergroup: (element) => h("span", { class: "mention" }, `@${element.usergroup_id}`),
  broadcast: (element) => broadcast(element.range),
  date: (element) => h("time", { title: element.fallback }, slackDate(element.timestamp, element.format ?? "{date}")),
  color: (element) => h("code", {}, element.value),
};

const withBreaks = (text) => text.split("\n").flatMap((line, at) => (at ? [h("br"), line] : [line]));

function styled(element) {
  const make = INLINE[element.type];
  let node = make ? make(element) : element.text ?? "";
  for (const [style, tag] of STYLES) if (element.style?.[style]) node = h(tag, {}, node);
  return node;
}

const inside = (part) => (part.elements ?? []).map(styled);

function listOf(part) {
  const ordered = part.style === "ordered";
  const items = (part.elements ?? []).map((item) => h("li", {}, inside(item)));
  return h(ordered ? "ol" : "ul", { class: `indent-${Math.min(8, part.indent ?? 0)}`, ...(ordered && part.offset ? { start: part.offset + 1 } : {}) }, items);
}

const PARTS = {
  rich_text_section: (part) => h("div", { class: "rich-section" }, inside(part)),
  rich_text_list: listOf,
  rich_text_quote: (part) => h("blockquote", {}, inside(part)),
  rich_text_preformatted: (part) => h("pre", {}, (part.elements ?? []).map((element) => element.text ?? element.url ?? "").join("")),
};

export const richText = (block) => fragment((block.elements ?? []).map((part) => PARTS[part.type]?.(part)));

/** The words alone, for sorting and for screen readers. */
export const richTextWords = (block) =>
  (block.elements ?? [])
    .flatMap((part) => part.elements ?? [])
    .flatMap((element) => (element.elements ? element.elements : [element]))
    .map((element) => element.text ?? element.name ?? element.url ?? "")
    .join("");
