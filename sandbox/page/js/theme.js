// Light, dark, or as the system says.

const KEY = "sandbox.theme";
const ORDER = ["auto", "light", "dark"];
const NAMES = { auto: "as the system", light: "light", dark: "dark" };

const chosen = () => document.documentElement.dataset.theme ?? "auto";

export const themeLabel = () => `Theme: ${NAMES[chosen()]}. Change`;

export function cycleTheme() {
  const next = ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length];
  if (next === "auto") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem(KEY);
  } else {
    document.documentElement.dataset.theme = next;
    localStorage.setItem(KEY, next);
  }
}
