// The traffic drawer: every call and delivery between the workspace and the app, live.

import { fetchLog } from "./api.js";
import { byId, h, iconButton, replace } from "./dom.js";
import { on } from "./store.js";

const MOST_ROWS = 300;
const MOST_KEPT = 5000;
const KINDS = { api: "Call", delivery: "Delivery", response_url: "response_url", socket: "Socket" };

let entries = [];
let rows = null;
let counted = null;
const filter = { text: "", kind: "", trouble: false };

export function startTraffic() {
  on("toggle-traffic", () => toggle(byId("traffic").hidden));
  on("log", (change) => {
    if (!rows) return;
    entries.push(change.entry ?? change);
    if (entries.length > MOST_KEPT) entries.splice(0, entries.length - MOST_KEPT);
    ask();
  });
}

async function toggle(open) {
  const drawer = byId("traffic");
  const opener = document.querySelector("[data-testid=traffic-open]");
  drawer.hidden = !open;
  opener?.setAttribute("aria-expanded", String(open));
  if (!open) {
    rows = null;
    replace(drawer);
    opener?.focus();
    return;
  }
  rows = h("tbody");
  counted = h("span", { class: "traffic-count", role: "status" });
  const search = h("input", { type: "search", class: "text-field small", placeholder: "Filter", "aria-label": "Filter traffic", ".value": filter.text, oninput: () => change({ text: search.value.toLowerCase() }), "data-testid": "traffic-filter" });
  const kind = h("select", { class: "select small", "aria-label": "Kind of traffic", onchange: () => change({ kind: kind.value }) }, h("option", { value: "" }, "All kinds"), Object.entries(KINDS).map(([value, label]) => h("option", { value }, label)));
  kind.value = filter.kind;
  const trouble = h("label", { class: "choice" }, h("input", { type: "checkbox", ".checked": filter.trouble, onchange: (event) => change({ trouble: event.target.checked }) }), h("span", {}, "Trouble only"));
  replace(drawer,
    h("div", { class: "traffic-head" }, h("h2", {}, "Traffic"), counted, h("span", { class: "grow" }), search, kind, trouble, iconButton("close", "Close traffic", () => toggle(false), { "data-testid": "traffic-close" })),
    h("div", { class: "traffic-list", tabindex: "0", role: "region", "aria-label": "Calls and deliveries" },
      h("table", {}, h("thead", {}, h("tr", {}, ["Time", "Kind", "What", "Who and where", "Status", "Took", "Ack", "Notes"].map((name) => h("th", { scope: "col" }, name)))), rows)));
  drawer.onkeydown = (event) => event.key === "Escape" && toggle(false);
  search.focus();
  entries = [];
  const kept = (await fetchLog()).entries ?? [];
  // What went over the wire while the log was on its way stands in neither place twice.
  entries = [...kept, ...entries.filter((entry) => entry.at > (kept.at(-1)?.at ?? ""))];
  if (rows) draw();
}

function change(part) {
  Object.assign(filter, part);
  draw();
}

let asked = false;
function ask() {
  if (asked) return;
  asked = true;
  setTimeout(() => {
    asked = false;
    if (rows) draw();
  }, 150);
}

const nameOf = (entry) => entry.method ?? entry.type ?? "";
const isTrouble = (entry) => !entry.ok || Boolean(entry.error || entry.fault || entry.retry_num);

function fits(entry) {
  if (filter.kind && entry.kind !== filter.kind) return false;
  if (filter.trouble && !isTrouble(entry)) return false;
  return !filter.text || `${nameOf(entry)} ${entry.user ?? ""} ${entry.channel ?? ""} ${entry.error ?? ""} ${entry.fault ?? ""}`.toLowerCase().includes(filter.text);
}

/** Rows stay as long as their entry is shown, so that an opened one stays open while others arrive. */
const known = new WeakMap();

function draw() {
  const found = entries.filter(fits);
  counted.textContent = `${found.length} of ${entries.length}`;
  const wanted = found.slice(-MOST_ROWS).reverse().flatMap((entry) => {
    if (!known.has(entry)) known.set(entry, rowsFor(entry));
    return known.get(entry);
  });
  const keep = new Set(wanted);
  for (const row of [...rows.children]) if (!keep.has(row)) row.remove();
  wanted.forEach((row, at) => {
    if (rows.children[at] !== row) rows.insertBefore(row, rows.children[at] ?? null);
  });
  if (!wanted.length) replace(rows, h("tr", {}, h("td", { colspan: 8, class: "nothing" }, entries.length ? "Nothing fits the filter." : "Nothing has gone over the wire yet.")));
}

const milliseconds = (value) => (value === undefined || value === null ? "" : `${Math.round(value)} ms`);

function rowsFor(entry) {
  const detail = h("tr", { class: "traffic-detail", hidden: true }, h("td", { colspan: 8 }));
  const open = h("button", { type: "button", class: "traffic-name", "aria-expanded": "false", onclick: () => unfold(entry, detail, open) }, nameOf(entry));
  const notes = [entry.retry_num ? `retry ${entry.retry_num}` : null, entry.fault ? `fault: ${entry.fault}` : null, entry.error].filter(Boolean);
  const row = h("tr", { class: isTrouble(entry) ? "trouble" : "", "data-testid": "traffic-row" },
    h("td", { class: "nowrap" }, String(entry.at ?? "").slice(11, 23)), h("td", {}, h("span", { class: `kind kind-${entry.kind}` }, KINDS[entry.kind] ?? entry.kind)), h("td", {}, open),
    h("td", { class: "nowrap" }, [entry.user, entry.channel].filter(Boolean).join(" · ")), h("td", {}, entry.status ?? ""), h("td", { class: "nowrap" }, milliseconds(entry.ms)), h("td", { class: "nowrap" }, milliseconds(entry.ack_ms)), h("td", {}, notes.join(" · ")));
  return [row, detail];
}

function unfold(entry, detail, open) {
  detail.hidden = !detail.hidden;
  open.setAttribute("aria-expanded", String(!detail.hidden));
  if (detail.hidden) return;
  const part = (title, body) => h("div", {}, h("h3", {}, title), h("pre", { class: "json", tabindex: "0" }, body === undefined ? "not kept" : typeof body === "string" ? body : JSON.stringify(body, null, 2)));
  replace(detail.firstChild, h("div", { class: "traffic-bodies" }, part("Request", entry.request), part("Response", entry.response)));
}
