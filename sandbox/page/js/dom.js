// Builds DOM nodes. Strings only ever become text nodes: nothing here can turn message content into markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `props`: attributes, `class`, `on…` listeners, and properties given as `.name`; null and false are left out. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** An SVG element, same arguments as `h`. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith(".")) node[name.slice(1)] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

/** Appends nodes and strings, nested lists included; empty values are skipped. */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export const fragment = (...children) => append(document.createDocumentFragment(), children);

/** Replaces everything inside `node`. */
export function replace(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

let counter = 0;
/** An id that is unique on this page, for labels and descriptions. */
export const uniqueId = (prefix) => `${prefix}-${++counter}`;

export const byId = (id) => document.getElementById(id);

const PATHS = {
  hash: "M8 3 6 17M14 3l-2 14M3.5 7.5h13.5M3 12.5h13.5",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  archive: "M3 4h14v4H3zM4.5 8v8h11V8M8 11.5h4",
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "m5 5 10 10M15 5 5 15",
  back: "M12 4 6 10l6 6",
  chevron: "m5.5 8 4.5 4.5L14.5 8",
  send: "M3 4l14.5 6L3 16l1.8-6zM4.8 10H11",
  reply: "M4 4h12v9H9l-3.5 3.2V13H4z",
  link: "m8.5 11.5 3-3M7 9 4.8 11.2a2.8 2.8 0 0 0 4 4L11 13M13 11l2.2-2.2a2.8 2.8 0 0 0-4-4L9 7",
  braces: "M8 3.5C6 3.5 6.5 6 6.5 8c0 1.5-.8 2-2 2 1.2 0 2 .5 2 2 0 2-.5 4.5 1.5 4.5M12 3.5c2 0 1.5 2.5 1.5 4.5 0 1.5.8 2 2 2-1.2 0-2 .5-2 2 0 2 .5 4.5-1.5 4.5",
  traffic: "M6 16V4M6 4 3.5 6.5M6 4l2.5 2.5M14 4v12M14 16l-2.5-2.5M14 16l2.5-2.5",
  moon: "M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5",
  eye: "M2.5 10s2.8-5 7.5-5 7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5M10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  file: "M5 3h6.5L15 6.5V17H5zM11.5 3v3.5H15",
  play: "M6 4.5v11l9-5.5z",
  pause: "M7 4.5v11M13 4.5v11",
  clock: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M10 6v4.2l2.8 1.8",
  check: "m4.5 10.5 3.5 3.5 7.5-8",
  down: "M10 4v11M5.5 10.5 10 15l4.5-4.5",
  flag: "M5 17V3.5h9.5l-2 3.5 2 3.5H5",
  copy: "M7 7h9v9H7zM13 7V4H4v9h3",
};

/** A small line icon; decorative, so the control around it carries the name. */
export function icon(name) {
  return svg("svg", { class: `icon icon-${name}`, viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }));
}

/** A button that shows only an icon; `label` is its accessible name and tooltip. */
export function iconButton(name, label, onclick, props = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}
