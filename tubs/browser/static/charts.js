// The charts over the whole tub: a canvas for what was recorded, and over it cursor and selection.

import {
  GUTTER,
  drawBand,
  drawEvents,
  drawLines,
  drawRuler,
  drawStretches,
  runStarts,
} from "./chart_parts.js";
import { byId } from "./page.js";

const RULER = 20;
const BAND = 10;
const GAP = 8;

/** @typedef {{name: string, label: string, unit: string, lines: [string, string][], low: number, high: number, top: number, height: number}} Track */

export class Charts {
  /**
   * @param {import("./tub.js").Tub} tub
   * @param {import("./window.js").Window} view
   */
  constructor(tub, view) {
    this.tub = tub;
    this.view = view;
    this.plot = byId("plot");
    this.lines = byId("lines");
    this.tracks = tracksOf(tub);
    this.colours = readColours();
    /** @type {{runs: [number, number][]} | null} what a rule has found */
    this.found = null;
    const { mode, damaged } = tub.columns;
    this.starts = { mode: runStarts(mode), damaged: runStarts(damaged), deleted: [0], hidden: [0] };
    this.takeMarks();
    this.resize();
  }

  /** What is deleted or left out is another. */
  takeMarks() {
    this.starts.deleted = runStarts(this.tub.deleted);
    this.starts.hidden = runStarts(this.tub.hidden);
  }

  /** Fits the canvases to their place on the page. */
  resize() {
    this.ratio = window.devicePixelRatio;
    this.width = this.plot.clientWidth;
    this.height = this.plot.clientHeight;
    this.lines.width = Math.round(this.width * this.ratio);
    this.lines.height = Math.round(this.height * this.ratio);
    this.#share();
  }

  /** Gives each track its place; steering gets the most. */
  #share() {
    const room = this.height - RULER - BAND - GAP * (this.tracks.length + 1);
    const parts = this.tracks.reduce((sum, track) => sum + track.part, 0);
    let top = BAND + GAP;
    for (const track of this.tracks) {
      track.top = top;
      track.height = (room * track.part) / parts;
      top += track.height + GAP;
    }
    this.foot = this.height - RULER;
  }

  colourAnew() {
    this.colours = readColours();
  }

  /** Pixels from the left of a record's middle. @param {number} record */
  x(record) {
    return GUTTER + ((record + 0.5 - this.view.from) / this.view.length) * (this.width - GUTTER);
  }

  /** The record at a place. @param {number} x pixels from the left */
  recordAt(x) {
    const share = (x - GUTTER) / (this.width - GUTTER);
    const record = Math.floor(this.view.from + share * this.view.length);
    return Math.max(0, Math.min(this.tub.records - 1, record));
  }

  /** What was recorded; needed only when the stretch, the marks or the size are others. */
  drawLines() {
    const began = performance.now();
    const context = this.lines.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    drawBand(this, context, BAND);
    for (const track of this.tracks) drawLines(this, context, track);
    drawStretches(this, context);
    drawRuler(this, context);
    drawEvents(this, context);
    this.drawn_ms = performance.now() - began;
  }

  /**
   * Cursor and selection lie over the canvas, so that moving them draws nothing anew.
   * @param {number} record
   * @param {[number, number] | null} selection first and last record
   * @param {number | null} hover a record under the pointer
   */
  drawMarks(record, selection, hover) {
    this.#place("cursor", record);
    this.#place("hover", hover === record ? null : hover);
    const chosen = byId("selection");
    chosen.hidden = !selection;
    if (!selection) return;
    const half = (this.width - GUTTER) / this.view.length / 2;
    const [left, right] = [this.x(selection[0]) - half, this.x(selection[1]) + half];
    chosen.style.transform = `translateX(${left - GUTTER}px) scaleX(${Math.max(right - left, 2)})`;
  }

  /** @param {string} id @param {number | null} record */
  #place(id, record) {
    const element = byId(id);
    element.hidden = record === null;
    if (record !== null) element.style.transform = `translateX(${this.x(record) - GUTTER}px)`;
  }
}

/** @param {import("./tub.js").Tub} tub @returns {any[]} */
function tracksOf(tub) {
  const tracks = [
    { label: "Steering", part: 1.6, low: -1, high: 1, lines: [["human_steering", "human"], ["pilot_steering", "pilot"], ["steering", "first"]] },
    { label: "Throttle", part: 1.1, low: lowest(tub, "throttle") < 0 ? -1 : 0, high: 1, lines: [["human_throttle", "human"], ["pilot_throttle", "pilot"], ["throttle", "first"]] },
    { label: "Speed", unit: "m/s", part: 0.9, low: 0, lines: [["speed_m_s", "second"]] },
    { label: "Age", unit: "ms", part: 0.7, low: 0, scale: 1000, lines: [["frame_age_s", "second"]] },
  ];
  for (const track of tracks) {
    track.lines = track.lines.filter(([name]) => tub.envelopes[name].known);
    if (track.high !== undefined) continue;
    const extents = track.lines.map(([name]) => tub.envelopes[name].extent());
    track.high = Math.max(...extents.map(([, high]) => high)) * 1.05 || 1;
    const low = Math.min(...extents.map(([low]) => low));
    track.low = low < -0.05 * track.high ? low : 0;
  }
  return tracks.filter((track) => track.lines.length);
}

/** @param {import("./tub.js").Tub} tub @param {string} name */
const lowest = (tub, name) => tub.envelopes[name].extent()[0];

/** The page's colours, for the canvas. */
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["ink", "muted", "grid", "edge", "first", "second", "alarm", "tint", "gone", "sunken", "panel"];
  const colours = Object.fromEntries(names.map((name) => [name, of(name)]));
  colours.modes = ["stopped", "human", "assisted", "pilot"].map((mode) => of(`mode-${mode}`));
  return { ...colours, human: of("mode-human"), pilot: of("mode-pilot"), sans: of("sans") };
}
