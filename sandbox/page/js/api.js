// The sandbox's control endpoints. Every answer is the server's JSON, also when it says `ok: false`;
// a server that cannot be reached gives `{ok: false, error: "…"}` too, so callers have one path to show.

const UNREACHABLE = "The sandbox server cannot be reached.";

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    return { ok: false, error: UNREACHABLE, status: 0 };
  }
  try {
    return { ok: response.ok, status: response.status, ...(await response.json()) };
  } catch {
    return { ok: false, error: `The sandbox answered ${response.status} without JSON.`, status: response.status };
  }
}

const post = (path, body) =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** The workspace as a person sees it; `limit` is how many of the newest messages of each channel. */
export const fetchState = (user, limit = 500) => call(`/_sandbox/state?user=${encodeURIComponent(user)}&limit=${limit}`);
/** Who and which channels there are, whoever sits at the keyboard. */
export const fetchEverybody = () => call("/_sandbox/state?limit=1");
export const fetchLog = () => call("/_sandbox/log");
export const fetchTour = () => call("/_sandbox/tour");
export const fetchSamples = () => call("/_sandbox/samples");
export const takeSample = (name, user) => post("/_sandbox/sample", { name, user });
export const sendCommand = (order) => post("/_sandbox/command", order);
export const sendMessage = (message) => post("/_sandbox/message", message);
export const sendClick = (click) => post("/_sandbox/click", click);
export const sendSubmit = (submission) => post("/_sandbox/submit", submission);
export const openHome = (user) => post("/_sandbox/home", { user });
export const sendProfile = (user, profile) => post("/_sandbox/profile", { user, profile });
export const advanceClock = (advance) => post("/_sandbox/clock", { advance });

/** Uploads one picked file; the answer carries its `file_id`. */
export const uploadFile = (file, user) =>
  call(`/_sandbox/upload?name=${encodeURIComponent(file.name)}&user=${encodeURIComponent(user)}`, {
    method: "POST",
    headers: { "Content-Type": file.type || "application/octet-stream" },
    body: file,
  });

export const fileUrl = (id) => `/_sandbox/files/${encodeURIComponent(id)}`;
