// Standard Markdown, as the `markdown` block carries it: headings, lists, quotes, tables, code, emphasis, links.

import { fragment, h } from "./dom.js";
import { EMOJI, glyph } from "./emoji.js";
import { entity, link } from "./mentions.js";

const INLINE = [
  [/`([^`]+)`/, (m) => h("code", {}, m[1])],
  [/<([@#!][^>\s]+)>/, (m) => entity(m[1], (text) => text)],
  [/!?\[([^\]]*)\]\((\S+?)(?:\s+"[^"]*")?\)/, (m) => link(m[2], m[1] || m[2])],
  [/<(https?:\/\/[^>\s]+)>/, (m) => link(m[1])],
  [/https?:\/\/[^\s<>()]+[^\s<>().,;:!?]/, (m) => link(m[0])],
  [/\*\*(?=\S)([\s\S]+?\S|\S)\*\*/, (m) => h("strong", {}, spans(m[1]))],
  [/__(?=\S)([\s\S]+?\S|\S)__/, (m) => h("strong", {}, spans(m[1]))],
  [/~~(?=\S)([\s\S]+?\S|\S)~~/, (m) => h("del", {}, spans(m[1]))],
  [/\*(?=\S)([^*]*[^*\s]|[^*\s])\*/, (m) => h("em", {}, spans(m[1]))],
  [/(?<![\p{L}\p{N}])_(?=\S)([^_]*[^_\s]|[^_\s])_(?![\p{L}\p{N}])/u, (m) => h("em", {}, spans(m[1]))],
  [EMOJI, (m) => (glyph(m[1]) ? h("span", { class: "emoji" }, glyph(m[1])) : m[0])],
  [/\\([\\`*_{}[\]()#+\-.!~>|])/, (m) => m[1]],
];

function spans(text) {
  const nodes = [];
  let rest = text;
  while (rest) {
    let best = null;
    for (const [pattern, make] of INLINE) {
      const found = pattern.exec(rest);
      if (found && (!best || found.index < best.found.index)) best = { found, make };
    }
    if (!best) break;
    if (best.found.index) nodes.push(rest.slice(0, best.found.index));
    nodes.push(best.make(best.found));
    rest = rest.slice(best.found.index + best.found[0].length);
  }
  if (rest) nodes.push(rest);
  return nodes;
}

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** Each rule takes lines from the front of `lines` and answers with a node, or null when it does not apply. */
const RULES = [fence, heading, rule, quote, table, list, paragraph];

export function markdown(text) {
  const rest = String(text ?? "").replaceAll("\r", "").split("\n");
  const nodes = [];
  while (rest.length) {
    if (!rest[0].trim()) {
      rest.shift();
      continue;
    }
    for (const take of RULES) {
      const node = take(rest);
      if (node) {
        nodes.push(node);
        break;
      }
    }
  }
  return fragment(nodes);
}

function fence(rest) {
  if (!/^\s*```/.test(rest[0])) return null;
  rest.shift();
  const code = [];
  while (rest.length && !/^\s*```\s*$/.test(rest[0])) code.push(rest.shift());
  rest.shift();
  return h("pre", {}, code.join("\n"));
}

function heading(rest) {
  const found = /^(#{1,6})\s+(.*?)\s*#*$/.exec(rest[0]);
  if (!found) return null;
  rest.shift();
  // A message is an article under the page's own heading, so its headings start at the third level.
  return h(`h${Math.min(6, found[1].length + 2)}`, { class: `md-h${found[1].length}` }, spans(found[2]));
}

function rule(rest) {
  if (!RULE.test(rest[0])) return null;
  rest.shift();
  return h("hr");
}

function quote(rest) {
  if (!/^\s*>/.test(rest[0])) return null;
  const inner = [];
  while (rest.length && /^\s*>/.test(rest[0])) inner.push(rest.shift().replace(/^\s*> ?/, ""));
  return h("blockquote", {}, markdown(inner.join("\n")));
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

function table(rest) {
  if (!rest[0].includes("|") || !TABLE_RULE.test(rest[1] ?? "")) return null;
  const head = cells(rest.shift());
  const sides = cells(rest.shift()).map((mark) => (/^:-+:$/.test(mark) ? "center" : /-:$/.test(mark) ? "right" : "left"));
  const body = [];
  while (rest.length && rest[0].includes("|")) body.push(cells(rest.shift()));
  const row = (tag, list) => h("tr", {}, list.map((cell, at) => h(tag, { class: `align-${sides[at] ?? "left"}`, ...(tag === "th" ? { scope: "col" } : {}) }, spans(cell))));
  return h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", {}, h("thead", {}, row("th", head)), h("tbody", {}, body.map((line) => row("td", line)))));
}

function list(rest) {
  const first = ITEM.exec(rest[0]);
  if (!first) return null;
  const depth = first[1].length;
  const ordered = /\d/.test(first[2]);
  const items = [];
  while (rest.length) {
    const found = ITEM.exec(rest[0]);
    if (!found || found[1].length < depth) break;
    if (found[1].length > depth + 1) {
      (items.at(-1) ?? items[items.push(h("li")) - 1]).append(list(rest));
      continue;
    }
    if (/\d/.test(found[2]) !== ordered) break;
    rest.shift();
    const task = /^\[([ xX])\]\s+(.*)$/.exec(found[3]);
    items.push(h("li", task ? { class: "task" } : {}, task ? [task[1] === " " ? "☐ " : "☑ ", spans(task[2])] : spans(found[3])));
  }
  return h(ordered ? "ol" : "ul", ordered ? { start: parseInt(first[2], 10) } : {}, items);
}

function paragraph(rest) {
  const lines = [rest.shift()];
  const stops = (line) => !line.trim() || /^\s*(```|>|#{1,6}\s)/.test(line) || ITEM.test(line) || RULE.test(line);
  while (rest.length && !stops(rest[0])) lines.push(rest.shift());
  return h("p", {}, lines.flatMap((line, at) => (at ? [h("br"), ...spans(line)] : spans(line))));
}
