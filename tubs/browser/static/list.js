// The list of tubs: a card each, filled in as the server opens them.

import { byId, counted, day, make, minutes, size } from "./page.js";
import * as server from "./server.js";

/** @param {server.Listed[]} tubs */
export function showList(tubs) {
  const list = byId("tubs");
  byId("title").textContent = "Tubs";
  byId("about").textContent = counted(tubs.length, "tub");
  document.title = "Tubs · Everlap";
  byId("shelf-empty").hidden = tubs.length > 0;
  list.replaceChildren(...tubs.map(card));
}

/** @param {server.Listed} tub */
function card(tub) {
  const text = make("div", { className: "text" }, make("strong", {}, tub.name));
  const picture = make("img", { className: "thumb", alt: "", loading: "lazy" });
  picture.src = `/api/tubs/${tub.number}/thumbnail`;
  const link = make("a", { className: "panel", href: `#/${encodeURIComponent(tub.name)}` }, picture, text);
  fill(tub.number, text);
  return make("li", {}, link);
}

/** @param {number} number @param {HTMLElement} text */
async function fill(number, text) {
  try {
    const summary = await server.summaryOf(number);
    if (summary.problem) throw new Error(summary.problem);
    const drive = `${minutes(summary.duration_s)} · ${counted(summary.records, "record")}`;
    text.append(
      make("p", { className: "figures" }, drive),
      make("p", { className: "muted figures" }, `${size(summary.size_bytes)} · ${day(summary.created)}`),
    );
    if (summary.deleted) text.append(make("p", { className: "muted" }, `${counted(summary.deleted, "record")} deleted`));
  } catch (error) {
    text.append(make("p", { className: "problem" }, error.message));
  }
}
