// The keyboard: one list of keys, from which both the help and what they do are made.

import { byId, make } from "./page.js";

/** @typedef {{keys: string[], shown: string, text: string, act: string}} Key */

/** @type {Key[]} */
export const KEYS = [
  { keys: [" ", "k"], shown: "Space", text: "Play or pause", act: "toggle" },
  { keys: ["s"], shown: "S", text: "Skip deleted records or not", act: "skip" },
  { keys: ["["], shown: "[", text: "Slower", act: "slower" },
  { keys: ["]"], shown: "]", text: "Faster", act: "faster" },
  { keys: ["ArrowLeft"], shown: "←", text: "One record back", act: "back" },
  { keys: ["ArrowRight"], shown: "→", text: "One record ahead", act: "ahead" },
  { keys: ["PageUp"], shown: "Page ↑", text: "5 s back", act: "jumpBack" },
  { keys: ["PageDown"], shown: "Page ↓", text: "5 s ahead", act: "jumpAhead" },
  { keys: ["Home"], shown: "Home", text: "First record", act: "first" },
  { keys: ["End"], shown: "End", text: "Last record", act: "last" },
  { keys: ["p"], shown: "P", text: "Previous event", act: "previousEvent" },
  { keys: ["n"], shown: "N", text: "Next event", act: "nextEvent" },
  { keys: ["g"], shown: "G", text: "Go to a record", act: "goTo" },
  { keys: ["f"], shown: "F", text: "Find records by a rule", act: "find" },
  { keys: ["shift+ArrowLeft"], shown: "Shift ←", text: "Select back", act: "selectBack" },
  { keys: ["shift+ArrowRight"], shown: "Shift →", text: "Select ahead", act: "selectAhead" },
  { keys: ["shift+PageUp"], shown: "Shift Page ↑", text: "Select 5 s back", act: "selectJumpBack" },
  { keys: ["shift+PageDown"], shown: "Shift Page ↓", text: "Select 5 s ahead", act: "selectJumpAhead" },
  { keys: ["a"], shown: "A", text: "Select this session", act: "selectSession" },
  { keys: ["Escape"], shown: "Esc", text: "Select nothing", act: "unselect" },
  { keys: ["Delete", "Backspace", "d"], shown: "Delete", text: "Delete the selection, or this record", act: "delete" },
  { keys: ["r"], shown: "R", text: "Restore it", act: "restore" },
  { keys: ["u", "ctrl+z"], shown: "U", text: "Undo", act: "undo" },
  { keys: ["shift+U", "ctrl+y", "ctrl+shift+Z"], shown: "Shift U", text: "Redo", act: "redo" },
  { keys: ["+", "=", "shift++"], shown: "+", text: "Zoom the charts in", act: "zoomIn" },
  { keys: ["-"], shown: "−", text: "Zoom out", act: "zoomOut" },
  { keys: ["0"], shown: "0", text: "Whole tub", act: "zoomAll" },
  { keys: ["o"], shown: "O", text: "Overlay", act: "overlay" },
  { keys: ["c"], shown: "C", text: "Classes", act: "map" },
  { keys: ["x"], shown: "X", text: "Sharp pixels", act: "pixels" },
  { keys: ["l"], shown: "L", text: "Load new records", act: "load" },
  { keys: ["?", "shift+?"], shown: "?", text: "These keys", act: "help" },
];

/** @param {KeyboardEvent} event */
function nameOf(event) {
  const control = event.ctrlKey || event.metaKey ? "ctrl+" : "";
  const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
  return `${control}${event.shiftKey ? "shift+" : ""}${key}`;
}

const TYPED = new Set(["number", "text"]);
const OWN_ARROWS = new Set(["ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown", "ArrowLeft", "ArrowRight"]);

/** Whether what has the focus needs the key itself. @param {KeyboardEvent} event */
function needsKey(event) {
  const { target } = event;
  if (!(target instanceof Element)) return false;
  if (target instanceof HTMLInputElement && TYPED.has(target.type)) return event.key !== "Escape";
  if (target instanceof HTMLSelectElement) return !event.ctrlKey && event.key !== "Escape";
  if (target.closest("button, a, input[type=checkbox]")) return event.key === " " || event.key === "Enter";
  if (target.id === "events") return event.key !== " " && OWN_ARROWS.has(event.key) && !event.shiftKey;
  return false;
}

/**
 * @param {Record<string, () => void>} actions by the name in KEYS
 * @param {AbortSignal} signal ends it
 */
export function listenToKeys(actions, signal) {
  const act = new Map(KEYS.flatMap(({ keys, act }) => keys.map((key) => [key, act])));
  const listen = (event) => {
    const name = act.get(nameOf(event));
    if (!name || event.altKey || needsKey(event) || byId("keys").open) return;
    event.preventDefault();
    actions[name]();
  };
  document.addEventListener("keydown", listen, { signal });
}

/** Shows the list of keys. */
export function showKeys() {
  const rows = KEYS.flatMap(({ shown, text }) => [
    make("dt", {}, ...shown.split(" ").flatMap((key) => [make("kbd", {}, key), " "])),
    make("dd", {}, text),
  ]);
  byId("key-list").replaceChildren(...rows);
  byId("keys").showModal();
}
