// Slack's own message markup, drawn as DOM nodes.

import { fragment, h } from "./dom.js";
import { EMOJI, glyph } from "./emoji.js";
import { entity, link } from "./mentions.js";

const TAGS = { "*": "strong", _: "em", "~": "del" };
const WORD = /[\p{L}\p{N}]/u;
const BARE_URL = /^https?:\/\/[^\s<>|"']+[^\s<>|"'.,;:!?)\]]/;
const MAX_DEPTH = 8;

/** The three entities of mrkdwn; nothing else is decoded, so `&lt;b&gt;` shows as the text `<b>`. */
const decode = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

/** Renders a whole text: code fences, quotes, then lines. */
export function mrkdwn(text) {
  const parts = String(text ?? "").split(/```\n?([\s\S]+?)\n?```/);
  return fragment(parts.map((part, at) => (at % 2 ? preformatted(part) : lines(part, at > 0, at < parts.length - 1))));
}

function preformatted(text) {
  const bare = text.replace(/<([^@#!][^|>]*)(?:\|([^>]*))?>/g, (_, url, label) => label ?? url);
  return h("pre", {}, decode(bare));
}

function lines(text, afterBlock, beforeBlock) {
  let rest = text;
  if (afterBlock) rest = rest.replace(/^\n/, "");
  if (beforeBlock) rest = rest.replace(/\n$/, "");
  const groups = [];
  for (const line of rest === "" ? [] : rest.split("\n")) {
    const quoted = /^\s?(?:&gt;|>)(?:&gt;&gt;|>>)? ?(.*)$/.exec(line);
    const last = groups.at(-1);
    const content = quoted ? quoted[1] : line;
    if (last && last.quoted === Boolean(quoted)) last.lines.push(content);
    else groups.push({ quoted: Boolean(quoted), lines: [content] });
  }
  return groups.map((group) => (group.quoted ? h("blockquote", {}, broken(group.lines)) : h("span", { class: "lines" }, broken(group.lines))));
}

const broken = (list) => list.flatMap((line, at) => (at ? [h("br"), ...inline(line)] : inline(line)));

/** Renders one line. */
function inline(text, depth = 0) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(decode(plain));
    plain = "";
  };
  let at = 0;
  while (at < text.length) {
    const found = token(text, at, depth);
    if (found) {
      flush();
      nodes.push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

function token(text, at, depth) {
  const letter = text[at];
  if (letter === "<") {
    const end = text.indexOf(">", at);
    return end > at + 1 ? { node: entity(text.slice(at + 1, end), decode), end: end + 1 } : null;
  }
  if (letter === "`") {
    const end = text.indexOf("`", at + 1);
    return end > at + 1 ? { node: h("code", {}, decode(text.slice(at + 1, end))), end: end + 1 } : null;
  }
  if (letter === ":") return shortcode(text, at);
  if (letter === "h" && (at === 0 || !WORD.test(text[at - 1]))) {
    const url = BARE_URL.exec(text.slice(at, at + 2000));
    return url ? { node: link(decode(url[0])), end: at + url[0].length } : null;
  }
  return TAGS[letter] && depth < MAX_DEPTH ? styled(text, at, depth) : null;
}

function shortcode(text, at) {
  const found = EMOJI.exec(text.slice(at, at + 60));
  if (found?.index !== 0 || !glyph(found[1])) return null;
  return { node: h("span", { class: "emoji", role: "img", "aria-label": found[1].replaceAll("_", " ") }, glyph(found[1])), end: at + found[0].length };
}

function styled(text, at, depth) {
  const mark = text[at];
  const before = text[at - 1] ?? " ";
  if (WORD.test(before) || /\s/.test(text[at + 1] ?? " ") || text[at + 1] === mark) return null;
  const end = closing(text, at + 1, mark);
  return end ? { node: h(TAGS[mark], {}, inline(text.slice(at + 1, end), depth + 1)), end: end + 1 } : null;
}

/** Where a style ends; marks inside links and code do not count. */
function closing(text, from, mark) {
  let at = from;
  while (at < text.length) {
    const stop = text[at] === "<" ? ">" : text[at] === "`" ? "`" : null;
    const skipTo = stop ? text.indexOf(stop, at + 1) : -1;
    if (skipTo > at) at = skipTo;
    else if (text[at] === mark && !/\s/.test(text[at - 1]) && !WORD.test(text[at + 1] ?? " ")) return at;
    at += 1;
  }
  return null;
}
