// The slash commands the composer suggests. The workspace may describe its app's commands in its state;
// without that, the page knows the one of the app it was written for.

import { state } from "./store.js";

const FALLBACK = [
  {
    command: "/budget",
    description: "Budgets and spend of AI workloads",
    examples: [
      { usage: "status", description: "All envelopes at a glance" },
      { usage: "status [workload]", description: "One envelope with its burn-up chart" },
      { usage: "set [workload] [amount]", description: "Create or change an envelope" },
      { usage: "spend by team", description: "Where the money goes" },
      { usage: "workload list", description: "Workloads and their rules" },
      { usage: "audit", description: "Who changed what" },
      { usage: "help", description: "Examples that can be pasted" },
    ],
  },
];

const STARTERS = 3;

const all = () => (state.commands.length ? state.commands : FALLBACK);

export const isCommand = (text) => /^\/[a-z0-9_-]/i.test(text);

/** Splits what was typed: `/budget status` → {command: "/budget", text: "status"}. */
export function split(text) {
  const [command] = text.split(/\s/, 1);
  return { command, text: text.slice(command.length).trim() };
}

/** A few whole commands for somebody who has never typed one: those examples that need nothing filled in. */
export function starters() {
  const whole = all().flatMap((known) => (known.examples ?? []).filter((example) => !/\[/.test(example.usage)).map((example) => `${known.command} ${example.usage}`));
  return whole.slice(0, STARTERS);
}

/** What could follow, as {label, detail, insert, sure}; `sure` offers are taken by Enter without being chosen first. */
export function suggestCommands(typed) {
  const { command, text } = split(typed);
  if (!/\s/.test(typed)) {
    return all()
      .filter((known) => known.command.startsWith(command))
      .map((known) => ({ label: known.command, detail: known.usage_hint ?? known.description, insert: `${known.command} `, sure: known.command !== command }));
  }
  const known = all().find((one) => one.command === command);
  return (known?.examples ?? [])
    .filter((example) => example.usage.startsWith(text) && example.usage !== text)
    .map((example) => ({ label: `${command} ${example.usage}`, detail: example.description, insert: `${command} ${example.usage.replace(/\s*\[.*$/, "")}${/\[/.test(example.usage) ? " " : ""}`, sure: false }));
}
