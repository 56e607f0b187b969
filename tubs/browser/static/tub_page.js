// The page of one tub: picture, charts and figures follow one cursor, drawn once a frame.

import { listenToPointer } from "./chart_pointer.js";
import { Charts } from "./charts.js";
import { Edits } from "./edits.js";
import { byId, counted, day, make, minutes, say, size } from "./page.js";
import { inWords, listEvents, markEvent, showRecord, showSelection, showWarnings } from "./panels.js";
import { Player } from "./player.js";
import { recordsBy } from "./server.js";
import { Screen } from "./screen.js";
import { Window } from "./window.js";

const SPEEDS = [0.5, 1, 2, 4, 8];
const SPEAK_AFTER_MS = 400;

export class TubPage {
  /**
   * @param {import("./tub.js").Tub} tub
   * @param {(record: number) => void} moved called when another record is seen
   */
  constructor(tub, moved) {
    this.tub = tub;
    this.moved = moved;
    this.ended = new AbortController();
    /** @type {[number, number] | null} where a selection began and where it is now */
    this.anchor = null;
    /** @type {{rule: string, count: number, runs: [number, number][]} | null} what a rule has found */
    this.found = null;
    this.hover = null;
    this.linesOld = true;
    this.frame = 0;
    this.draw = this.draw.bind(this);
    this.changed = () => this.redraw();
    this.view = new Window(tub.records);
    this.player = new Player(tub, this.changed);
    this.charts = new Charts(tub, this.view);
    this.screen = new Screen(tub, this.player, this.changed);
    this.edits = new Edits(tub, () => this.redraw(true, true), (bytes) => (byId("grown").hidden = !(bytes > 0)));
    this.#listen();
    this.#show();
  }

  #listen() {
    const { signal } = this.ended;
    listenToPointer(
      this.charts,
      {
        seek: (record) => { this.unselect(); this.player.pause(); this.player.seek(record); },
        select: (from, to) => this.select(Number.isNaN(from) ? (this.anchor?.[0] ?? this.player.record) : from, to),
        hover: (record) => { this.hover = record; this.redraw(); },
        viewed: () => this.redraw(true),
      },
      signal,
    );
    const resized = new ResizeObserver(() => { this.charts.resize(); this.redraw(true); });
    resized.observe(byId("plot"));
    signal.addEventListener("abort", () => resized.disconnect());
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => { this.charts.colourAnew(); this.redraw(true); }, { signal });
  }

  /** What does not change while one looks at a tub. */
  #show() {
    const { tub } = this;
    const length = minutes(tub.columns.elapsed_s[tub.records - 1]);
    byId("title").textContent = tub.name;
    byId("about").textContent = [
      counted(tub.records, "record"), length, counted(tub.sessions.length, "session"),
      size(tub.size_bytes), day(tub.created), tub.source ? `from ${tub.source}` : "",
    ].filter(Boolean).join(" · ");
    document.title = `${tub.name} · Everlap`;
    byId("scrub").max = byId("number").max = String(tub.records - 1);
    byId("grown").hidden = true;
    byId("show-map").hidden = !tub.class_maps;
    const modes = tub.modes.map((mode, number) => make("option", { value: String(number) }, mode));
    byId("only").replaceChildren(make("option", { value: "" }, "all modes"), ...modes);
    showWarnings(tub.warnings);
    listEvents(tub, (record) => { this.player.pause(); this.player.seek(record); });
    this.setToggles();
    this.redraw(true);
  }

  /** Toggles say what is on; they keep their state from tub to tub. */
  setToggles() {
    this.screen.overlayOn = byId("show-overlay").ariaPressed === "true";
    this.screen.mapOn = byId("show-map").ariaPressed === "true" && this.tub.class_maps;
    byId("picture").classList.toggle("pixels", byId("show-pixels").ariaPressed === "true");
    this.tub.show({ skipDeleted: byId("skip").checked, only: byId("only").value === "" ? null : Number(byId("only").value) });
    this.redraw(true, true);
  }

  /**
   * Draws once, with the next frame.
   * @param {boolean} [lines] whether the charts' lines are old too
   * @param {boolean} [marks] whether other records are deleted or left out
   */
  redraw(lines = false, marks = false) {
    if (marks) this.charts.takeMarks();
    this.linesOld ||= lines || marks;
    this.frame ||= requestAnimationFrame(this.draw);
  }

  draw() {
    this.frame = 0;
    if (this.ended.signal.aborted) return;
    const { record } = this.player;
    const { tub } = this;
    if (record !== this.seen && this.view.follow(record)) this.linesOld = true;
    this.screen.draw();
    if (this.linesOld) this.charts.drawLines();
    if (this.linesOld) this.#showSpan();
    this.linesOld = false;
    this.charts.drawMarks(record, this.selection, this.hover);
    showRecord(tub, record);
    showSelection(tub, this.selection, record, this.found);
    markEvent(tub, record);
    this.#showPlaying();
    if (record !== this.seen) this.#arrive(record);
  }

  #showSpan() {
    const { elapsed_s } = this.tub.columns;
    const [from, to] = [Math.floor(this.view.from), Math.min(Math.ceil(this.view.to), this.tub.records) - 1];
    byId("charts-title").textContent = this.view.whole ? "Whole tub" : "Part of the tub";
    byId("span").textContent = this.view.whole ? "" : `${minutes(elapsed_s[from], 1)} to ${minutes(elapsed_s[to], 1)}`;
    byId("zoom-all").disabled = byId("zoom-out").disabled = this.view.whole;
  }

  #showPlaying() {
    const text = this.player.playing ? "Pause" : "Play";
    if (byId("play").textContent !== text) byId("play").textContent = text;
    const speed = String(this.player.speed);
    if (byId("speed").value !== speed) byId("speed").value = speed;
  }

  /** @param {number} record */
  #arrive(record) {
    this.seen = record;
    this.moved(record);
    clearTimeout(this.speaking);
    if (this.player.playing) return;
    this.speaking = setTimeout(() => (byId("spoken").textContent = inWords(this.tub, record)), SPEAK_AFTER_MS);
  }

  /** First and last record that are selected. @returns {[number, number] | null} */
  get selection() {
    if (!this.anchor) return null;
    const [from, to] = this.anchor;
    return from < to ? [from, to] : [to, from];
  }

  /** @param {number} from @param {number} to */
  select(from, to) {
    this.#forgetFound();
    this.anchor = [from, to];
    this.player.pause();
    this.player.seek(to);
  }

  unselect() {
    this.#forgetFound();
    this.anchor = null;
    this.redraw();
  }

  #forgetFound() {
    if (this.found) this.linesOld = true;
    this.found = this.charts.found = null;
  }

  /** @param {string} rule */
  async find(rule) {
    say("Looking…");
    try {
      const found = await recordsBy(this.tub.number, rule);
      this.unselect();
      if (found.count) {
        this.found = this.charts.found = found;
        this.player.pause();
        this.player.seek(found.runs[0][0]);
      }
      say(`${counted(found.count, "record")}: ${found.rule}`);
    } catch (error) {
      say(error.message, true);
    }
    this.redraw(true);
  }

  /** @param {() => void} go moves the cursor, which takes the selection's end along */
  selectBy(go) {
    const from = this.anchor?.[0] ?? this.player.record;
    this.player.pause();
    go();
    this.select(from, this.player.record);
  }

  selectSession() {
    const { first, records } = this.tub.sessions[this.tub.sessionAt(this.player.record)];
    const at = this.player.record;
    this.select(first, first + records - 1);
    this.player.seek(at);
  }

  /** @param {"delete" | "restore"} edit */
  mark(edit) {
    const one = this.selection ?? [this.player.record, this.player.record];
    this.edits.mark(edit, this.found?.runs ?? [one], this.found?.rule ?? "");
  }

  /** @param {number} direction +1 next, -1 previous */
  toEvent(direction) {
    const { events } = this.tub;
    const { record } = this.player;
    const found = direction > 0 ? events.find((event) => event.record > record) : events.findLast((event) => event.record < record);
    if (!found) return;
    this.player.pause();
    this.player.seek(found.record);
  }

  /** @param {number} direction +1 faster, -1 slower */
  changeSpeed(direction) {
    const place = SPEEDS.indexOf(this.player.speed) + direction;
    this.player.setSpeed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, place))]);
  }

  /** @param {number} factor */
  zoom(factor) {
    this.view.zoom(factor, this.player.record);
    this.redraw(true);
  }

  close() {
    this.ended.abort();
    this.player.pause();
    this.edits.close();
    this.screen.close();
    clearTimeout(this.speaking);
  }
}
