// What a modal or Home tab holds: its fields, what Slack's client refuses by itself, and where refusals appear.

const key = (block, element) => `${block.block_id ?? ""}/${element.action_id}`;

export class InputForm {
  /** `earlier`: the form of the same view before an update. Values stay where block and action ids stay, as in Slack. */
  constructor(earlier = null) {
    this.fields = new Map();
    this.places = new Map();
    this.uploads = 0;
    this.earlier = new Map();
    this.earlierFiles = new Map();
    for (const [name, field] of earlier?.fields ?? []) {
      this.earlier.set(name, field.read());
      if (field.files) this.earlierFiles.set(name, field.files());
    }
  }

  register(block, element, read, files = null) {
    this.fields.set(key(block, element), { block, element, read, files });
  }

  place(block, parts) {
    this.places.set(block.block_id, parts);
  }

  /** What the person had entered before the view was updated: undefined when the field is new. */
  kept(block, element) {
    const value = this.earlier.get(key(block, element));
    return value === null ? (Array.isArray(element.options) ? [] : "") : value;
  }

  keptFiles(block, element) {
    return this.earlierFiles.get(key(block, element));
  }

  async busyWhile(promise) {
    this.uploads += 1;
    try {
      return await promise;
    } finally {
      this.uploads -= 1;
    }
  }

  /** Plain values by block and action. An empty field is null: left out, the server would put its initial value back. */
  values() {
    const values = {};
    for (const { block, element, read } of this.fields.values()) (values[block.block_id] ??= {})[element.action_id] = read();
    return values;
  }

  /** What Slack's client would not even send, by block id. */
  problems() {
    const found = {};
    for (const { block, element, read } of this.fields.values()) {
      const text = block.type === "input" ? problem(block, element, read()) : null;
      if (text) found[block.block_id] = text;
    }
    if (this.uploads) found[[...this.fields.values()].find((field) => field.files)?.block.block_id] = "Wait until the upload is finished.";
    return found;
  }

  /** Shows refusals under their fields and moves the focus to the first. Answers those without a field. */
  show(errors) {
    for (const place of this.places.values()) mark(place, null);
    const homeless = [];
    let first = null;
    for (const [blockId, text] of Object.entries(errors)) {
      const place = this.places.get(blockId);
      if (!place) homeless.push(text);
      else mark(place, text);
      first ??= place;
    }
    first?.focusable?.focus();
    first?.wrapper.scrollIntoView({ block: "nearest" });
    return homeless;
  }
}

function mark(place, text) {
  place.error.hidden = !text;
  place.error.textContent = text ?? "";
  place.wrapper.classList.toggle("refused", Boolean(text));
  if (text) place.focusable?.setAttribute("aria-invalid", "true");
  else place.focusable?.removeAttribute("aria-invalid");
}

function problem(block, element, value) {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return block.optional ? null : "Please complete this required field.";
  return CHECKS[element.type]?.(element, value) ?? null;
}

const CHECKS = {
  plain_text_input: lengthProblem,
  number_input: numberProblem,
  email_text_input: (_, value) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? null : "Please enter a valid email address."),
  url_text_input: (_, value) => (/^https?:\/\/[^\s.]+\.\S+$/i.test(value) ? null : "Please enter a valid URL."),
};

function lengthProblem(element, value) {
  if (element.min_length && value.length < element.min_length) return `Please use at least ${element.min_length} characters.`;
  if (element.max_length && value.length > element.max_length) return `Please use at most ${element.max_length} characters.`;
  return null;
}

function numberProblem(element, value) {
  const number = Number(value);
  if (value.trim() === "" || Number.isNaN(number)) return "Please enter a number.";
  if (!element.is_decimal_allowed && !Number.isInteger(number)) return "Please enter a whole number.";
  if (element.min_value !== undefined && number < Number(element.min_value)) return `Please enter a number of at least ${element.min_value}.`;
  if (element.max_value !== undefined && number > Number(element.max_value)) return `Please enter a number of at most ${element.max_value}.`;
  return null;
}
