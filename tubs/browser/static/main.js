// Start: which tub and record the address names, and what buttons and keys do.

import { listenToKeys, showKeys } from "./keys.js";
import { showList } from "./list.js";
import { byId, say } from "./page.js";
import * as server from "./server.js";
import { Tub } from "./tub.js";
import { TubPage } from "./tub_page.js";

/** @type {TubPage | null} */
let page = null;
let name = "";
let opening = 0;
let writing = 0;

/** The tub and the record that the address names: #/NAME/RECORD. */
function wanted() {
  const [, tub = "", record = "0"] = location.hash.split("/");
  return { tub: decodeURIComponent(tub), record: Number.parseInt(record, 10) || 0 };
}

/** Writes the address a little later: browsers refuse to do it often. @param {number} record */
function remember(record) {
  if (writing) return;
  writing = setTimeout(() => {
    writing = 0;
    if (page) history.replaceState(null, "", `#/${encodeURIComponent(name)}/${page.player.record}`);
  }, 300);
}

async function route() {
  const { tub, record } = wanted();
  if (page && tub === name) {
    if (record !== page.player.record) page.player.seek(record);
    return;
  }
  try {
    const listed = await server.listTubs();
    const entry = listed.tubs.find((each) => each.name === tub) ?? (listed.one ? listed.tubs[0] : null);
    if (entry) await open(entry, record);
    else list(listed.tubs, tub);
    byId("home").hidden = listed.one;
  } catch (error) {
    say(error.message, true);
  }
}

/** @param {server.Listed[]} tubs @param {string} missing */
function list(tubs, missing) {
  leave();
  byId("tub").hidden = true;
  byId("shelf").hidden = false;
  showList(tubs);
  if (missing) say(`There is no tub ${missing} here.`, true);
}

/** @param {server.Listed} entry @param {number} record */
async function open(entry, record) {
  const turn = ++opening;
  const tub = await Tub.open(entry.number, (half) => {
    byId("about").textContent = `Reading ${half.columns.filled.toLocaleString("en")} of ${half.records.toLocaleString("en")} records…`;
  });
  if (turn !== opening) return;
  leave();
  name = entry.name;
  byId("shelf").hidden = true;
  byId("tub").hidden = false;
  page = new TubPage(tub, remember);
  page.player.seek(record);
  window.everlap = page; // for whoever opens the browser's developer tools
}

function leave() {
  page?.close();
  page = null;
  name = "";
  byId("grown").hidden = true;
}

/** Opens the tub anew, and stays where we are. */
async function reload() {
  if (!page) return;
  const { number } = page.tub;
  const { record } = page.player;
  try {
    await open({ number, name }, record);
  } catch (error) {
    say(error.message, true);
  }
}

/** @param {string} id */
function press(id) {
  const button = byId(id);
  button.ariaPressed = String(button.ariaPressed !== "true");
  page?.setToggles();
}

function goTo() {
  byId("number").select();
}

/** @type {Record<string, () => void>} */
const ACTIONS = {
  toggle: () => page?.player.toggle(),
  faster: () => page?.changeSpeed(1),
  slower: () => page?.changeSpeed(-1),
  ahead: () => page?.player.step(1),
  back: () => page?.player.step(-1),
  jumpAhead: () => page?.player.jump(5),
  jumpBack: () => page?.player.jump(-5),
  first: () => page?.player.seek(0),
  last: () => page?.player.seek(Infinity),
  nextEvent: () => page?.toEvent(1),
  previousEvent: () => page?.toEvent(-1),
  goTo: () => page && goTo(),
  selectAhead: () => page?.selectBy(() => page.player.seek(page.player.record + 1)),
  selectBack: () => page?.selectBy(() => page.player.seek(page.player.record - 1)),
  selectJumpAhead: () => page?.selectBy(() => page.player.jump(5)),
  selectJumpBack: () => page?.selectBy(() => page.player.jump(-5)),
  selectSession: () => page?.selectSession(),
  find: () => page && byId("rule").select(),
  unselect: () => { document.activeElement?.blur(); page?.unselect(); },
  delete: () => page?.mark("delete"),
  restore: () => page?.mark("restore"),
  undo: () => page?.edits.step("undo"),
  redo: () => page?.edits.step("redo"),
  skip: () => byId("skip").click(),
  zoomIn: () => page?.zoom(0.5),
  zoomOut: () => page?.zoom(2),
  zoomAll: () => page?.zoom(Infinity),
  overlay: () => press("show-overlay"),
  map: () => press("show-map"),
  pixels: () => press("show-pixels"),
  load: reload,
  help: showKeys,
};

const BUTTONS = {
  play: "toggle", back: "back", ahead: "ahead", delete: "delete", restore: "restore", undo: "undo",
  redo: "redo", grown: "load", help: "help", "next-event": "nextEvent", "previous-event": "previousEvent",
  "zoom-in": "zoomIn", "zoom-out": "zoomOut", "zoom-all": "zoomAll",
  "show-overlay": "overlay", "show-map": "map", "show-pixels": "pixels",
};

function listen() {
  for (const [id, action] of Object.entries(BUTTONS)) byId(id).addEventListener("click", () => ACTIONS[action]());
  byId("scrub").addEventListener("input", () => { page?.player.pause(); page?.player.seek(Number(byId("scrub").value)); });
  byId("number").addEventListener("change", () => page?.player.seek(Number(byId("number").value)));
  byId("speed").addEventListener("change", () => page?.player.setSpeed(Number(byId("speed").value)));
  byId("find").addEventListener("submit", (event) => {
    event.preventDefault();
    byId("rule").blur();
    page?.find(byId("rule").value);
  });
  byId("events").addEventListener("keydown", (event) => {
    const action = { ArrowDown: "nextEvent", ArrowUp: "previousEvent" }[event.key];
    if (!action || event.shiftKey) return;
    event.preventDefault();
    ACTIONS[action]();
  });
  for (const id of ["skip", "only"]) byId(id).addEventListener("change", () => page?.setToggles());
  listenToKeys(ACTIONS, new AbortController().signal);
  addEventListener("hashchange", route);
}

listen();
route();
