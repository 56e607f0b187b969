// The figures beside the picture: this record, the selection, the events.

import { severity } from "./chart_parts.js";
import { byId, counted, make, minutes } from "./page.js";
import { signed } from "./overlay.js";

/** @typedef {import("./tub.js").Tub} Tub */

/** @param {Tub} tub @param {number} record */
export function showRecord(tub, record) {
  const { columns } = tub;
  const rows = byId("now").tBodies[0].rows;
  ["", "human_", "pilot_"].forEach((who, row) => {
    setText(rows[row].cells[1], signed(columns[`${who}steering`][record]));
    setText(rows[row].cells[2], signed(columns[`${who}throttle`][record]));
  });
  const speed = columns.speed_m_s[record];
  const age = columns.frame_age_s[record];
  setText(byId("mode"), tub.modes[columns.mode[record]] ?? "unknown");
  setText(byId("pace"), Number.isFinite(speed) ? `${speed.toFixed(2)} m/s` : "–");
  setText(byId("age"), Number.isFinite(age) ? `${(age * 1000).toFixed(0)} ms` : "–");
  const place = tub.sessionAt(record);
  setText(byId("session"), `${place + 1} of ${tub.sessions.length}`);
  byId("session").title = tub.sessions[place].name;
  const last = columns.elapsed_s[tub.records - 1];
  setText(byId("clock"), `${minutes(columns.elapsed_s[record], 1)} / ${minutes(last, 1)}`);
  byId("scrub").value = String(record);
  byId("scrub").setAttribute("aria-valuetext", inWords(tub, record));
  if (document.activeElement !== byId("number")) byId("number").value = String(record);
}

/** @param {Tub} tub @param {number} record */
export function inWords(tub, record) {
  const { columns } = tub;
  const time = minutes(columns.elapsed_s[record], 1);
  const gone = tub.deleted[record] ? ", deleted" : "";
  if (columns.damaged[record]) return `Record ${record} at ${time}, damaged${gone}`;
  return (
    `Record ${record} at ${time}, ${tub.modes[columns.mode[record]]}, ` +
    `steering ${signed(columns.steering[record])}, throttle ${signed(columns.throttle[record])}${gone}`
  );
}

/** Changes the page only where something is another. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Tub} tub
 * @param {[number, number] | null} selection
 * @param {number} record
 * @param {{rule: string, count: number, runs: [number, number][]} | null} found
 */
export function showSelection(tub, selection, record, found) {
  const { columns, marks } = tub;
  if (found) {
    setText(byId("chosen"), `${counted(found.count, "record")} selected in ${counted(found.runs.length, "stretch")}: ${found.rule}`);
  } else if (selection) {
    const [first, last] = selection;
    const seconds = columns.elapsed_s[last] - columns.elapsed_s[first];
    const range = `${first.toLocaleString("en")}–${last.toLocaleString("en")}`;
    setText(byId("chosen"), `${counted(last - first + 1, "record")} selected: ${range}, ${seconds.toFixed(1)} s`);
  } else {
    setText(byId("chosen"), `Drag on a chart to select. Now: record ${record.toLocaleString("en")}`);
  }
  const share = ((100 * tub.deletedCount) / tub.records).toFixed(1);
  setText(
    byId("deleted"),
    tub.deletedCount ? `${counted(tub.deletedCount, "record")} deleted (${share} %)` : "Nothing is deleted",
  );
  showStep("undo", marks.to_undo);
  showStep("redo", marks.to_redo);
}

function showStep(id, what) {
  byId(id).disabled = !what;
  byId(id).title = what ? `${id === "undo" ? "Undo (U)" : "Redo (Shift+U)"}: ${what}` : `Nothing to ${id}`;
}

/** What is wrong with the tub as a whole. @param {string[]} warnings */
export function showWarnings(warnings) {
  const box = byId("warnings");
  box.hidden = !warnings.length;
  box.firstElementChild.textContent = `${counted(warnings.length, "warning")} about this tub`;
  box.lastElementChild.replaceChildren(...warnings.map((text) => make("li", {}, text)));
}

const MOST_LISTED = 2000;

/** @param {Tub} tub @param {(record: number) => void} seek */
export function listEvents(tub, seek) {
  const list = byId("events");
  const rows = tub.events.slice(0, MOST_LISTED).map((event) => {
    const button = make("button", { type: "button", tabIndex: -1 });
    const time = minutes(tub.columns.elapsed_s[event.record], 1);
    button.append(make("i", { className: MARKS[severity(event.kind)] }), make("time", {}, time), make("span", {}, event.text || event.kind));
    button.addEventListener("click", () => seek(event.record));
    return make("li", {}, button);
  });
  if (!rows.length) rows.push(make("li", { className: "none" }, "No events were recorded."));
  if (tub.events.length > MOST_LISTED) {
    rows.push(make("li", { className: "none" }, `and ${tub.events.length - MOST_LISTED} more`));
  }
  list.replaceChildren(...rows);
  byId("next-event").disabled = byId("previous-event").disabled = !tub.events.length;
  shownEvent = -1;
}

const MARKS = { alarm: "bad", second: "warn", first: "" };
let shownEvent = -1;

/** Marks the last event at or before a record. @param {Tub} tub @param {number} record */
export function markEvent(tub, record) {
  let place = tub.events.findLastIndex((event) => event.record <= record);
  if (place >= MOST_LISTED) place = -1;
  if (place === shownEvent) return;
  const list = byId("events");
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  shownEvent = place;
  const button = place < 0 ? null : list.children[place].firstElementChild;
  if (!button) return;
  button.setAttribute("aria-current", "true");
  const [top, bottom] = [button.offsetTop - list.offsetTop, button.offsetTop - list.offsetTop + button.offsetHeight];
  if (top < list.scrollTop) list.scrollTop = top;
  else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
}
