// Elements a person types or picks a value into.

import { fetchSamples, takeSample, uploadFile } from "./api.js";
import { h, iconButton, replace } from "./dom.js";
import { state } from "./store.js";

const dispatches = (block) => block.type !== "input" || block.dispatch_action;
const CHARACTER_DELAY_MS = 400;

function common(element) {
  return { class: "text-field", placeholder: element.placeholder?.text, "data-action-id": element.action_id, "data-testid": `action-${element.action_id}`, autofocus: Boolean(element.focus_on_load) };
}

function keptText(element, block, surface, first) {
  return surface.form?.kept(block, element) ?? first ?? "";
}

function typed(tag, extra = () => ({})) {
  return (element, block, surface) => {
    const name = tag === "text" && element.multiline ? "textarea" : "input";
    const field = h(name, { ...common(element), ...(name === "input" ? { type: tag, autocomplete: "off" } : { rows: 4 }), maxlength: element.max_length, ...extra(element) });
    field.value = keptText(element, block, surface, element.initial_value);
    surface.form?.register(block, element, () => (field.value === "" ? null : field.value));
    if (dispatches(block)) dispatchWhileTyping(field, element, block, surface);
    return field;
  };
}

function dispatchWhileTyping(field, element, block, surface) {
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const tell = () => surface.act({ element, block, value: field.value, control: null });
  if (on.includes("on_enter_pressed")) {
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      tell();
    });
  }
  if (on.includes("on_character_entered")) {
    let timer = 0;
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(tell, CHARACTER_DELAY_MS);
    });
  }
}

function picked(type, initial) {
  return (element, block, surface) => {
    const field = h("input", { ...common(element), type, class: "text-field picker", "aria-label": block.type === "input" ? null : element.placeholder?.text ?? "Pick" });
    field.value = keptText(element, block, surface, initial(element));
    surface.form?.register(block, element, () => (field.value === "" ? null : field.value));
    field.addEventListener("change", () => dispatches(block) && field.value && surface.act({ element, block, value: field.value, control: field }));
    return field;
  };
}

/** Date and time in one; Slack counts it in seconds since 1970. */
function dateTime(element, block, surface) {
  const local = (seconds) => new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const held = surface.form?.kept(block, element) ?? element.initial_date_time;
  const field = h("input", { ...common(element), type: "datetime-local", class: "text-field picker" });
  if (held) field.value = local(held);
  const read = () => (field.value ? Math.floor(new Date(field.value) / 1000) : null);
  surface.form?.register(block, element, read);
  field.addEventListener("change", () => dispatches(block) && surface.act({ element, block, value: read(), control: field }));
  return field;
}

/** Files are uploaded as soon as they are picked; the form holds their ids. */
function files(element, block, surface) {
  const most = element.max_files ?? 10;
  const held = [...(surface.form?.keptFiles(block, element) ?? [])];
  const list = h("ul", { class: "picked-files" });
  const note = h("p", { class: "hint", role: "status" });
  const accept = element.filetypes?.map((type) => `.${type}`).join(",");
  const field = h("input", { type: "file", class: "file-field", accept, multiple: most > 1, "data-testid": `action-${element.action_id}`, onchange: add });

  async function add() {
    const picked = [...field.files].slice(0, most - held.length);
    if (picked.length < field.files.length) note.textContent = `At most ${most} ${most === 1 ? "file" : "files"}.`;
    field.value = "";
    for (const file of picked) {
      note.textContent = `Uploading ${file.name}…`;
      const answer = await surface.form.busyWhile(uploadFile(file, state.me));
      note.textContent = answer.ok && answer.file_id ? "" : `${file.name} could not be uploaded. ${answer.error ?? ""}`;
      if (answer.file_id) held.push({ id: answer.file_id, name: file.name });
      draw();
    }
  }

  function draw() {
    replace(list, held.map((file, at) => h("li", {}, h("span", {}, file.name), iconButton("close", `Remove ${file.name}`, () => {
      held.splice(at, 1);
      draw();
      field.focus();
    }))));
  }

  const offers = h("div", { class: "sample-files" });

  /** Sample files of the workspace, for a tour that needs no file from the disk. */
  async function offer() {
    const answer = await fetchSamples();
    const fitting = (answer.samples ?? []).filter(({ name }) => !element.filetypes || element.filetypes.includes(name.split(".").pop()));
    replace(offers, fitting.map(({ name }) => h("button", { type: "button", class: "button small", onclick: () => take(name) }, `Use ${name}`)));
  }

  async function take(name) {
    if (held.length >= most) return;
    const answer = await surface.form.busyWhile(takeSample(name, state.me));
    note.textContent = answer.file_id ? "" : `${name} could not be taken. ${answer.error ?? ""}`;
    if (answer.file_id) held.push({ id: answer.file_id, name });
    draw();
  }

  draw();
  offer();
  surface.form?.register(block, element, () => (held.length ? held.map((file) => file.id) : null), () => held);
  return h("div", { class: "file-input" }, field, offers, list, note);
}

const numberHints = (element) => ({ inputmode: element.is_decimal_allowed ? "decimal" : "numeric" });

export const fieldElements = {
  plain_text_input: typed("text"),
  number_input: typed("text", numberHints),
  email_text_input: typed("email"),
  url_text_input: typed("url"),
  datepicker: picked("date", (element) => element.initial_date),
  timepicker: picked("time", (element) => element.initial_time),
  datetimepicker: dateTime,
  file_input: files,
};
