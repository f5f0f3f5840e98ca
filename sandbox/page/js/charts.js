// The `data_visualization` block, drawn as SVG at the width it really has.

import { h, replace, svg, uniqueId } from "./dom.js";

const HEIGHT = 240;
const MARGIN = { top: 12, right: 12, bottom: 28, left: 52 };
const LETTER_PX = 6.6;

/** Round steps for a value axis: 1, 2, 2.5 or 5 times a power of ten. */
function ticks(low, high, wanted = 5) {
  const raw = (high - low || 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= raw);
  const first = Math.floor(low / step) * step;
  const count = Math.ceil((high - first) / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => first + at * step);
}

const exact = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const short = (value) => (Math.abs(value) >= 10_000 ? compact.format(value) : exact.format(value));

const valueOf = (series, category) => series.data?.find((point) => point.label === category)?.value ?? null;

export function dataVisualization(block) {
  const chart = block.chart ?? {};
  const pie = chart.type === "pie";
  const drawing = h("div", { class: "chart-drawing" });
  const names = pie ? (chart.segments ?? []).map((segment) => segment.label) : (chart.series ?? []).map((series) => series.name);
  const titleId = uniqueId("chart");
  const draw = (width) => replace(drawing, pie ? pieChart(chart, block.title) : axisChart(chart, block.title, Math.max(240, width)));
  const figure = h("figure", { class: `chart chart-${chart.type}`, "aria-labelledby": titleId, "data-testid": "chart" },
    h("figcaption", { id: titleId }, block.title),
    h("div", { class: "chart-body" }, drawing, legend(chart, names, pie)),
    asTable(chart, block.title, pie));
  draw(520);
  const watch = new ResizeObserver(([entry]) => {
    if (!figure.isConnected) return watch.disconnect();
    if (!pie && entry.contentRect.width) draw(Math.floor(entry.contentRect.width));
    return undefined;
  });
  watch.observe(drawing);
  return figure;
}

function legend(chart, names, pie) {
  if (!pie && names.length < 2) return null;
  const total = pie ? chart.segments.reduce((sum, segment) => sum + segment.value, 0) : 0;
  return h("ul", { class: "legend", "aria-hidden": "true" }, names.map((name, at) =>
    h("li", {}, h("span", { class: `swatch series-${at % 12}` }), h("span", { class: "legend-name" }, name),
      pie ? h("span", { class: "legend-value" }, `${short(chart.segments[at].value)} · ${Math.round((chart.segments[at].value / total) * 100)}%`) : null)));
}

/** The same figures for people who cannot see the drawing. */
function asTable(chart, title, pie) {
  const head = pie ? ["Segment", "Value"] : [chart.axis_config?.x_label ?? "", ...(chart.series ?? []).map((series) => series.name)];
  const rows = pie
    ? (chart.segments ?? []).map((segment) => [segment.label, segment.value])
    : (chart.axis_config?.categories ?? []).map((category) => [category, ...chart.series.map((series) => valueOf(series, category) ?? "")]);
  return h("table", { class: "sr-only" }, h("caption", {}, title),
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", {}, cell))))));
}

function pieChart(chart, title) {
  const segments = chart.segments ?? [];
  const total = segments.reduce((sum, segment) => sum + segment.value, 0) || 1;
  let turn = 0;
  const slices = segments.map((segment, at) => {
    const from = turn;
    turn += segment.value / total;
    return svg("path", { class: `slice series-${at % 12}`, d: slice(from, turn) }, svg("title", {}, `${segment.label}: ${exact.format(segment.value)}`));
  });
  return svg("svg", { viewBox: "-100 -100 200 200", class: "pie", role: "img", "aria-label": `Pie chart: ${title}` }, slices);
}

function slice(from, to) {
  const point = (turn, radius) => `${(Math.sin(turn * 2 * Math.PI) * radius).toFixed(2)} ${(-Math.cos(turn * 2 * Math.PI) * radius).toFixed(2)}`;
  // An arc that ends where it starts draws nothing, so a whole ring stops just short of it.
  const end = Math.min(to, from + 0.9999);
  const large = end - from > 0.5 ? 1 : 0;
  return `M${point(from, 96)}A96 96 0 ${large} 1 ${point(end, 96)}L${point(end, 52)}A52 52 0 ${large} 0 ${point(from, 52)}Z`;
}

function axisChart(chart, title, width) {
  const categories = chart.axis_config?.categories ?? [];
  const series = chart.series ?? [];
  const values = series.flatMap((line) => categories.map((category) => valueOf(line, category) ?? 0));
  const steps = ticks(Math.min(0, ...values), Math.max(0, ...values) || 1);
  const [low, high] = [steps[0], steps.at(-1)];
  const { x_label: xLabel, y_label: yLabel } = chart.axis_config ?? {};
  const bottom = HEIGHT - MARGIN.bottom - (xLabel ? 18 : 0);
  const left = Math.max(MARGIN.left, ...steps.map((step) => short(step).length * LETTER_PX + 16)) + (yLabel ? 14 : 0);
  const plot = {
    categories, series, left, bottom, slot: (width - left - MARGIN.right) / Math.max(1, categories.length),
    y: (value) => bottom - ((value - low) / (high - low)) * (bottom - MARGIN.top),
  };
  plot.x = (at) => left + plot.slot * (at + 0.5);
  const draw = { bar: bars, line: lines, area: areas }[chart.type] ?? bars;
  return svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": `${chart.type} chart: ${title}` },
    steps.map((step) => [
      svg("line", { class: step === 0 ? "axis" : "grid", x1: left, x2: width - MARGIN.right, y1: plot.y(step), y2: plot.y(step) }),
      svg("text", { class: "tick", x: left - 8, y: plot.y(step) + 4, "text-anchor": "end" }, short(step))]),
    draw(plot), categoryLabels(plot),
    xLabel ? svg("text", { class: "axis-label", x: (left + width) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, xLabel) : null,
    yLabel ? svg("text", { class: "axis-label", transform: `translate(12 ${bottom / 2 + 6}) rotate(-90)`, "text-anchor": "middle" }, yLabel) : null);
}

/** Labels that would touch each other are thinned out, never overprinted. */
function categoryLabels({ categories, x, slot, bottom }) {
  const widest = Math.max(...categories.map((category) => category.length), 1) * LETTER_PX + 10;
  const every = Math.max(1, Math.ceil(widest / slot));
  return categories.map((category, at) =>
    at % every === 0 ? svg("text", { class: "tick", x: x(at), y: bottom + 18, "text-anchor": "middle" }, category) : null);
}

function bars({ categories, series, x, y, slot }) {
  const gap = Math.min(2, slot / 10);
  const width = Math.max(1, Math.min(44, (slot * 0.72) / series.length - gap));
  return series.flatMap((line, row) => categories.map((category, at) => {
    const value = valueOf(line, category);
    if (value === null) return null;
    const start = x(at) - ((width + gap) * series.length - gap) / 2 + row * (width + gap);
    const top = Math.min(y(value), y(0));
    return svg("rect", { class: `bar series-${row % 12}`, x: start, width, y: top, height: Math.max(1, Math.abs(y(value) - y(0))), rx: Math.min(3, width / 3) },
      svg("title", {}, `${line.name}, ${category}: ${exact.format(value)}`));
  }));
}

const points = (line, { categories, x, y }) =>
  categories.map((category, at) => [x(at), valueOf(line, category)]).filter(([, value]) => value !== null).map(([px, value]) => `${px.toFixed(1)},${y(value).toFixed(1)}`);

function lines(plot) {
  return plot.series.map((line, row) => svg("g", { class: `series-${row % 12}` },
    svg("polyline", { class: "line", points: points(line, plot).join(" ") }), dots(line, plot)));
}

function dots(line, { categories, x, y }) {
  return categories.map((category, at) => {
    const value = valueOf(line, category);
    if (value === null) return null;
    return svg("circle", { class: "dot", cx: x(at), cy: y(value), r: 3 }, svg("title", {}, `${line.name}, ${category}: ${exact.format(value)}`));
  });
}

function areas(plot) {
  return plot.series.map((line, row) => {
    const path = points(line, plot);
    const floor = plot.y(0).toFixed(1);
    const outline = path.length ? `${path[0].split(",")[0]},${floor} ${path.join(" ")} ${path.at(-1).split(",")[0]},${floor}` : "";
    return svg("g", { class: `series-${row % 12}` }, svg("polygon", { class: "area", points: outline }), svg("polyline", { class: "line", points: path.join(" ") }), dots(line, plot));
  });
}
