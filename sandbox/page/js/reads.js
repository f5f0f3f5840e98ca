// How far each person has read, remembered in this browser.

const KEY = "sandbox.reads";
let cache = null;

function all() {
  if (!cache) {
    try {
      cache = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      cache = {}; // A value written by hand or by an older page is worth less than a page that opens.
    }
  }
  return cache;
}

export const loadReads = (user) => all()[user] ?? {};

export function saveReads(user, reads) {
  cache = { ...all(), [user]: reads };
  localStorage.setItem(KEY, JSON.stringify(cache));
}
