// The emoji shortcodes an app is likely to send; any other stays as it was typed.

const GLYPHS = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", thumbsdown: "👎", wave: "👋", clap: "👏", eyes: "👀", raised_hands: "🙌", pray: "🙏", point_right: "👉",
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", warning: "⚠️", no_entry: "⛔", no_entry_sign: "🚫",
  octagonal_sign: "🛑", rotating_light: "🚨", bell: "🔔", no_bell: "🔕", mega: "📣", loudspeaker: "📢", information_source: "ℹ️", question: "❓",
  exclamation: "❗", bulb: "💡", lock: "🔒", unlock: "🔓", key: "🔑", mag: "🔍", link: "🔗", pushpin: "📌", paperclip: "📎", memo: "📝",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪",
  black_circle: "⚫", large_green_square: "🟩", large_yellow_square: "🟨", large_orange_square: "🟧", large_red_square: "🟥", white_large_square: "⬜",
  chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", bar_chart: "📊", moneybag: "💰", money_with_wings: "💸", dollar: "💵",
  credit_card: "💳", receipt: "🧾", ledger: "📒", calendar: "📅", date: "📅", spiral_calendar_pad: "🗓️", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  stopwatch: "⏱️", alarm_clock: "⏰", clock1: "🕐", rocket: "🚀", fire: "🔥", zap: "⚡", snail: "🐌", turtle: "🐢", robot_face: "🤖", gear: "⚙️",
  wrench: "🔧", hammer: "🔨", package: "📦", inbox_tray: "📥", outbox_tray: "📤", email: "✉️", envelope: "✉️", tada: "🎉", sparkles: "✨", star: "⭐",
  heart: "❤️", smile: "😄", slightly_smiling_face: "🙂", thinking_face: "🤔", ok: "🆗", ok_hand: "👌", new: "🆕", soon: "🔜", recycle: "♻️",
  repeat: "🔁", arrows_counterclockwise: "🔄", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", arrow_left: "⬅️", arrow_upper_right: "↗️",
  arrow_lower_right: "↘️", small_red_triangle: "🔺", small_red_triangle_down: "🔻", double_vertical_bar: "⏸️", black_square_for_stop: "⏹️",
  shield: "🛡️", checkered_flag: "🏁", triangular_flag_on_post: "🚩", scales: "⚖️", bank: "🏦", office: "🏢", palm_tree: "🌴", face_with_thermometer: "🤒", bus: "🚌",
  house_with_garden: "🏡", speech_balloon: "💬", people_holding_hands: "🧑‍🤝‍🧑",
};

export const EMOJI = /:([a-z0-9_+-]+)(?:::skin-tone-\d)?:/;

const MISSING = "\u{10FFFE}"; // A code point that no font has: it draws the box that stands for any missing glyph.
const drawable = new Map();

/** Whether a font here has the glyph. Small machines have none for emoji, and a word reads better than a box. */
function canDraw(character) {
  if (!drawable.has(character)) drawable.set(character, picture(character) !== picture(MISSING));
  return drawable.get(character);
}

function picture(character) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 24, height: 24 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = "16px sans-serif";
  pen.fillText([...character][0], 0, 18);
  return pen.getImageData(0, 0, 24, 24).data.join();
}

/** The character of a shortcode; undefined when it is not known, or cannot be drawn here. */
export const glyph = (name) => (GLYPHS[name] && canDraw(GLYPHS[name]) ? GLYPHS[name] : undefined);

/** Text with its known shortcodes replaced. */
export const withEmoji = (text) => text.replace(new RegExp(EMOJI, "g"), (whole, name) => glyph(name) ?? whole);
