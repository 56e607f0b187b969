// What the charts are made of: lines, the band of modes, stretches that are left out, ruler, events.

import { minutes } from "./page.js";

/** Pixels to the left of the lines, for their names. */
export const GUTTER = 64;

/** @typedef {import("./charts.js").Charts} Charts */
/** @typedef {CanvasRenderingContext2D} Context */

const SEVERE = { fault: "alarm", emergency: "alarm", dropped: "second", intervention: "second" };

/** @type {[number, number]} */
const extremes = [0, 0];

/** The colour's name of an event. @param {string} kind */
export const severity = (kind) => SEVERE[kind] ?? "first";

/** @param {Charts} charts @param {Context} context */
export function drawLines(charts, context, track) {
  const { colours, width } = charts;
  const height = (value) =>
    track.top + track.height * (1 - (value - track.low) / (track.high - track.low));
  context.fillStyle = colours.sunken;
  context.fillRect(GUTTER, track.top, width - GUTTER, track.height);
  if (track.low < 0) {
    context.fillStyle = colours.grid;
    context.fillRect(GUTTER, height(0), width - GUTTER, 1);
  }
  drawScale(charts, context, track);
  for (const [name, colour] of track.lines) {
    context.globalAlpha = track.lines.length > 1 && colour !== "first" ? 0.8 : 1;
    drawLine(charts, context, charts.tub.envelopes[name], height, colours[colour]);
  }
  context.globalAlpha = 1;
}

/** @param {Charts} charts @param {Context} context */
function drawScale({ colours }, context, track) {
  const scale = track.scale ?? 1;
  context.font = `500 12px ${colours.sans}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = colours.muted;
  context.fillText(track.label, 0, track.top + track.height / 2);
  context.textAlign = "right";
  context.font = `10px ${colours.sans}`;
  const text = (value) => {
    const shown = value * scale;
    const digits = String(Number(Math.abs(shown).toFixed(Math.abs(shown) >= 10 ? 0 : 1)));
    return track.low < 0 ? `${shown > 0 ? "+" : "−"}${digits}` : digits;
  };
  context.fillText(text(track.high), GUTTER - 6, track.top + 6);
  if (track.low < 0) context.fillText(text(track.low), GUTTER - 6, track.top + track.height - 6);
  else context.fillText(track.unit ?? text(track.low), GUTTER - 6, track.top + track.height - 6);
}

/**
 * Lowest to highest in each column of pixels; a plain line where there is less than one a column.
 * @param {Charts} charts
 * @param {Context} context
 * @param {import("./envelope.js").Envelope} envelope
 */
function drawLine(charts, context, envelope, height, colour) {
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.4;
  context.lineJoin = "round";
  if (charts.view.length < charts.width - GUTTER) drawPoints(charts, context, envelope.values, height);
  else drawColumns(charts, context, envelope, height);
}

function drawPoints(charts, context, values, height) {
  const from = Math.max(0, Math.floor(charts.view.from) - 1);
  const to = Math.min(values.length, Math.ceil(charts.view.to) + 1);
  let pen = false;
  context.save();
  context.beginPath();
  context.rect(GUTTER, 0, charts.width - GUTTER, charts.height);
  context.clip();
  context.beginPath();
  for (let n = from; n < to; n++) {
    if (Number.isNaN(values[n])) pen = false;
    else if (pen) context.lineTo(charts.x(n), height(values[n]));
    else context.moveTo(charts.x(n), height(values[n]));
    pen = !Number.isNaN(values[n]);
  }
  context.stroke();
  context.restore();
}

/** Rectangles, because stroking thousands of upright lines costs several times as much. */
function drawColumns(charts, context, envelope, height) {
  const columns = Math.floor(charts.width - GUTTER);
  const step = charts.view.length / columns;
  // Each column reaches as far as the one before, so that the line has no gaps.
  let [lowBefore, highBefore] = [Infinity, -Infinity];
  for (let column = 0; column < columns; column++) {
    const from = Math.floor(charts.view.from + column * step);
    const to = Math.max(from + 1, Math.floor(charts.view.from + (column + 1) * step));
    envelope.over(from, Math.min(to, charts.tub.records), extremes);
    const [low, high] = extremes;
    if (low !== Infinity) {
      const top = height(lowBefore > high && lowBefore !== Infinity ? lowBefore : high) - 0.7;
      const foot = height(highBefore < low && highBefore !== -Infinity ? highBefore : low) + 0.7;
      context.fillRect(GUTTER + column, top, 1, foot - top);
    }
    [lowBefore, highBefore] = [low, high];
  }
}

/**
 * Runs of equal values, as the first record of each; found once, because there may be a million.
 * @param {Uint8Array} values
 */
export function runStarts(values) {
  const starts = [0];
  for (let n = 1; n < values.length; n++) if (values[n] !== values[n - 1]) starts.push(n);
  return starts;
}

/** Calls back for each run in sight. */
function runs(charts, values, starts, each) {
  const last = starts.length - 1;
  for (let n = 0; n <= last; n++) {
    const after = n < last ? starts[n + 1] : values.length;
    if (after > charts.view.from && starts[n] < charts.view.to) each(values[starts[n]], starts[n], after - 1);
  }
}

/** The left edge of the first and the right edge of the last record, inside the charts. */
function edges(charts, first, last) {
  const half = (charts.width - GUTTER) / charts.view.length / 2;
  const left = Math.max(GUTTER, charts.x(first) - half);
  return [left, Math.max(left, Math.min(charts.width, charts.x(last) + half))];
}

/** Who drove. @param {Charts} charts @param {Context} context */
export function drawBand(charts, context, height) {
  runs(charts, charts.tub.columns.mode, charts.starts.mode, (mode, first, last) => {
    const [left, right] = edges(charts, first, last);
    context.fillStyle = charts.colours.modes[mode] ?? charts.colours.grid;
    context.fillRect(left, 0, Math.max(right - left, 0.5), height);
  });
  context.font = `500 12px ${charts.colours.sans}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = charts.colours.muted;
  context.fillText("Mode", 0, height / 2 + 2);
}

/** What is deleted, left out or damaged. @param {Charts} charts @param {Context} context */
export function drawStretches(charts, context) {
  const { tub, colours, foot } = charts;
  const shade = (values, starts, colour, alpha, height) =>
    runs(charts, values, starts, (value, first, last) => {
      if (!value) return;
      const [left, right] = edges(charts, first, last);
      context.globalAlpha = alpha;
      context.fillStyle = colour;
      context.fillRect(left, 10, Math.max(right - left, 1), foot - 10);
      context.globalAlpha = 1;
      context.fillStyle = height ? colours.alarm : "transparent";
      context.fillRect(left, foot - height, Math.max(right - left, 1), height);
    });
  if (tub.filter.only !== null) shade(tub.hidden, charts.starts.hidden, colours.panel, 0.6, 0);
  shade(tub.deleted, charts.starts.deleted, colours.gone, 1, 4);
  for (const [first, last] of charts.found?.runs ?? []) {
    if (last < charts.view.from || first >= charts.view.to) continue;
    const [left, right] = edges(charts, first, last);
    context.fillStyle = colours.tint;
    context.fillRect(left, 10, Math.max(right - left, 1), foot - 10);
    context.fillStyle = colours.first;
    context.fillRect(left, 10, Math.max(right - left, 1), 3);
  }
  shade(tub.columns.damaged, charts.starts.damaged, colours.alarm, 0.5, 0);
}

/** Times at round steps, and where sessions begin. @param {Charts} charts @param {Context} context */
export function drawRuler(charts, context) {
  const { colours, foot, view, tub, width } = charts;
  const { elapsed_s } = tub.columns;
  const [first, last] = [Math.floor(view.from), Math.min(Math.ceil(view.to), tub.records) - 1];
  const span_s = Math.max(elapsed_s[last] - elapsed_s[first], 0.001);
  const step_s = roundStep(span_s / ((width - GUTTER) / 90));
  context.font = `11px ${colours.sans}`;
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillStyle = colours.muted;
  for (let at_s = Math.ceil(elapsed_s[first] / step_s) * step_s; at_s <= elapsed_s[last]; at_s += step_s) {
    const x = charts.x(tub.columns.at(at_s));
    if (x < GUTTER + 12 || x > width - 16) continue;
    context.fillText(minutes(at_s, step_s < 1 ? 1 : 0), x, charts.height);
  }
  context.fillStyle = colours.edge;
  for (const session of tub.sessions) {
    if (session.first > view.from && session.first < view.to) {
      context.fillRect(edges(charts, session.first, session.first)[0] - 0.5, 0, 1, foot);
    }
  }
}

/** The next of 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30 s, 1, 2, 5, 10, 15, 30 min, 1 h. */
function roundStep(at_least_s) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  return steps.find((step) => step >= at_least_s) ?? 14400;
}

/** A tick for each event. @param {Charts} charts @param {Context} context */
export function drawEvents(charts, context) {
  for (const { record, kind } of charts.tub.events) {
    if (record < charts.view.from || record >= charts.view.to) continue;
    const x = charts.x(record);
    context.fillStyle = charts.colours[severity(kind)];
    context.beginPath();
    context.moveTo(x - 4, charts.foot + 7);
    context.lineTo(x + 4, charts.foot + 7);
    context.lineTo(x, charts.foot + 1);
    context.fill();
  }
}
