// Times as the person who is looking reads them: in their own time zone, not the browser's.

import { timeZone } from "./people.js";
import { state } from "./store.js";

const formats = new Map();

function format(instant, options) {
  const zone = timeZone();
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key).format(instant);
}

export const instantOf = (ts) => new Date(Number.parseFloat(ts) * 1000);

/** The moment that counts as now: the demo's clock where there is one. */
export const now = () => (state.clock.available && state.clock.now ? new Date(state.clock.now) : new Date());

export const time = (instant) => format(instant, { hour: "2-digit", minute: "2-digit" });
export const dayKey = (instant) => format(instant, { year: "numeric", month: "2-digit", day: "2-digit" });
const dayLong = (instant) => format(instant, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

const DAY = 86_400_000;

/** A day as `2026-12-03`, where the person is. */
const isoDay = (instant) => dayKey(instant).split("/").reverse().join("-");
export const today = () => isoDay(now());

/** The last second of a day (`2026-12-03`) where the person is, in seconds since the epoch. */
export function endOfDay(day) {
  const asUtc = Date.parse(`${day}T23:59:59Z`);
  // What the clock there shows at that moment of UTC tells how far it is ahead.
  const shown = Date.parse(`${isoDay(new Date(asUtc))}T${format(new Date(asUtc), { hour: "2-digit", minute: "2-digit", second: "2-digit" })}Z`);
  return Math.floor((2 * asUtc - shown) / 1000);
}

function nearDay(instant) {
  const key = dayKey(instant);
  const today = now();
  if (key === dayKey(today)) return "today";
  if (key === dayKey(new Date(today - DAY))) return "yesterday";
  if (key === dayKey(new Date(+today + DAY))) return "tomorrow";
  return null;
}

const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

export function dayTitle(instant) {
  const near = nearDay(instant);
  return near ? capital(near) : dayLong(instant);
}

export const fullTime = (instant) => `${dayLong(instant)}, ${format(instant, { hour: "2-digit", minute: "2-digit", second: "2-digit" })}`;

function ago(instant) {
  const minutes = Math.round((now() - instant) / 60_000);
  const [size, unit] = Math.abs(minutes) < 60 ? [minutes, "minute"] : Math.abs(minutes) < 1440 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(-size, unit);
}

const shortDate = (instant) => format(instant, { day: "numeric", month: "short", year: "numeric" });
const plainDate = (instant) => format(instant, { day: "numeric", month: "long", year: "numeric" });

/** Slack's date tokens (docs.slack.dev, "Formatting message text", dates). */
const TOKENS = {
  date_num: (instant) => format(instant, { year: "numeric", month: "2-digit", day: "2-digit" }).split("/").reverse().join("-"),
  date: plainDate,
  date_short: shortDate,
  date_long: dayLong,
  date_pretty: (instant) => nearDay(instant) ?? plainDate(instant),
  date_short_pretty: (instant) => nearDay(instant) ?? shortDate(instant),
  date_long_pretty: (instant) => nearDay(instant) ?? dayLong(instant),
  time,
  time_secs: (instant) => format(instant, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago,
};

/** Fills a `<!date^…>` template. The first word is capitalised when the text starts with a near day, as Slack does. */
export function slackDate(seconds, template) {
  const instant = new Date(seconds * 1000);
  return template.replace(/\{(\w+)\}/g, (whole, token, at) => {
    const text = TOKENS[token]?.(instant) ?? whole;
    return at === 0 ? capital(text) : text;
  });
}
