// What is known of an uploaded file.

import { fileUrl } from "./api.js";
import { state } from "./store.js";

/** Name, type and size of a file; one that arrived after the snapshot is asked for once. */
export async function describeFile(id) {
  if (!state.files.has(id)) state.files.set(id, await ask(id));
  return state.files.get(id);
}

async function ask(id) {
  try {
    const { headers } = await fetch(fileUrl(id), { method: "HEAD" });
    const named = /filename\*?="?(?:UTF-8'')?([^";]+)/i.exec(headers.get("content-disposition") ?? "");
    const length = headers.get("content-length");
    return { id, name: named ? decodeURIComponent(named[1]) : id, mimetype: headers.get("content-type") ?? "", size: length === null ? undefined : Number(length) };
  } catch {
    return { id, name: id, mimetype: "" };
  }
}
