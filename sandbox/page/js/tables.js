// The `table` block and the `data_table` block (sorted by its headings, paged).

import { h, icon, replace } from "./dom.js";
import { richText, richTextWords } from "./rich_text.js";

const DEFAULT_PAGE_ROWS = 5; // docs.slack.dev, data table block, page_size

function cellContent(cell) {
  if (cell?.type === "rich_text") return richText(cell);
  return cell?.text ?? (cell?.value === undefined ? "" : String(cell.value));
}

const words = (cell) => (cell?.type === "rich_text" ? richTextWords(cell) : String(cell?.text ?? cell?.value ?? ""));

/** What a cell sorts by. Texts such as `$1,204.50` or `83 %` sort by their number. */
function sortValue(cell) {
  if (cell?.type === "raw_number") return cell.value;
  const text = words(cell).trim();
  const number = /^[^\d\p{L}-]*(-?[\d,]*\.?\d+)\s*(%|[a-z]{0,4})$/iu.exec(text);
  return number ? Number(number[1].replaceAll(",", "")) : text;
}

/** A column of figures, where a dash or nothing may stand for none. */
function isNumeric(column) {
  const values = column.map(sortValue);
  return values.some((value) => typeof value === "number") && values.every((value) => typeof value === "number" || !/[\p{L}\d]/u.test(value));
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b, "en", { numeric: true, sensitivity: "base" });
}

const box = (label, table) => h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": label }, table);

export function plainTable(block) {
  const rows = block.rows ?? [];
  const settings = block.column_settings ?? [];
  const style = (at) => `align-${settings[at]?.align ?? "left"} ${settings[at]?.is_wrapped ? "wrapped" : "unwrapped"}`;
  const [head = [], ...body] = rows;
  const table = h("table", { "data-testid": "table" },
    h("thead", {}, h("tr", {}, head.map((cell, at) => h("th", { scope: "col", class: style(at) }, cellContent(cell))))),
    h("tbody", {}, body.map((row) => h("tr", {}, row.map((cell, at) => h("td", { class: style(at) }, cellContent(cell)))))));
  return box("Table", table);
}

export function dataTable(block) {
  const [head = [], ...body] = block.rows ?? [];
  const rowHeader = block.row_header_column_index ?? 0;
  const size = block.page_size ?? DEFAULT_PAGE_ROWS;
  const numeric = head.map((_, at) => isNumeric(body.map((row) => row[at])));
  const order = { column: null, up: true };
  let page = 0;
  const tbody = h("tbody");
  const pager = h("div", { class: "pager" });
  const headings = head.map((cell, at) => heading(cell, numeric[at], () => sortBy(at)));

  function sortBy(at) {
    // The largest figure is what people look for first, so numbers start from the top and texts from A.
    order.up = order.column === at ? !order.up : !numeric[at];
    order.column = at;
    page = 0;
    draw();
  }

  function sorted() {
    if (order.column === null) return body;
    const way = order.up ? 1 : -1;
    return [...body].sort((a, b) => way * compare(sortValue(a[order.column]), sortValue(b[order.column])));
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(body.length / size));
    page = Math.min(page, pages - 1);
    headings.forEach((th, at) => th.setAttribute("aria-sort", order.column !== at ? "none" : order.up ? "ascending" : "descending"));
    replace(tbody, sorted().slice(page * size, (page + 1) * size).map((row) => h("tr", {}, row.map((cell, at) =>
      h(at === rowHeader ? "th" : "td", { class: numeric[at] ? "align-right" : "align-left", ...(at === rowHeader ? { scope: "row" } : {}) }, cellContent(cell))))));
    pager.hidden = pages === 1;
    replace(pager, h("span", { "aria-live": "polite" }, `${page * size + 1}–${Math.min(body.length, (page + 1) * size)} of ${body.length}`),
      step("Previous page", "back", page > 0, () => turn(-1)), step("Next page", "back next", page < pages - 1, () => turn(1)));
  }

  function turn(by) {
    page += by;
    draw();
    pager.querySelectorAll("button:not(:disabled)")[by > 0 ? pager.querySelectorAll("button:not(:disabled)").length - 1 : 0]?.focus();
  }

  draw();
  return h("div", { class: "data-table", "data-testid": "data-table" },
    h("div", { class: "table-caption", "aria-hidden": "true" }, block.caption),
    box(block.caption ?? "Table", h("table", {}, h("caption", { class: "sr-only" }, block.caption), h("thead", {}, h("tr", {}, headings)), tbody)), pager);
}

function heading(cell, isNumeric, onclick) {
  return h("th", { scope: "col", class: isNumeric ? "align-right" : "align-left", "aria-sort": "none" },
    h("button", { type: "button", class: "sort", onclick }, h("span", {}, cellContent(cell)), h("span", { class: "sort-mark", "aria-hidden": "true" })));
}

const step = (label, look, enabled, onclick) =>
  h("button", { type: "button", class: `icon-button small ${look.includes("next") ? "flip" : ""}`, "aria-label": label, disabled: !enabled, onclick }, icon("back"));
