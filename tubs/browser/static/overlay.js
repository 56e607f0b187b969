// Steering and throttle drawn over the picture; what was applied and what was wished look different.

const FULL_LOCK_RAD = (52 * Math.PI) / 180;
const APPLIED = "#5cbeff";
const REVERSE = "#f06e28";
export const HUMAN = "#ffc440";
export const PILOT = "#3cc88c";
const SOFT = "#bac4d0";
export const MODE_COLOURS = ["#f05a3c", HUMAN, APPLIED, PILOT];

/**
 * What the instruments show; nan leaves one out.
 * @typedef {object} Shown
 * @property {number} steering
 * @property {number} throttle
 * @property {number} human_steering
 * @property {number} pilot_steering
 * @property {number} speed_m_s
 * @property {string} mode
 * @property {string} modeColour
 */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 * @param {Shown} shown
 */
export function drawOverlay(context, width, height, shown) {
  const unit = height / 480;
  context.clearRect(0, 0, width, height);
  if (!shown.mode) return;
  darken(context, width, height, unit);
  drawStatus(context, width, unit, shown);
  drawDial(context, width, height, unit, shown);
  drawThrottle(context, width, height, unit, shown.throttle);
}

/** @param {CanvasRenderingContext2D} context */
function darken(context, width, height, unit) {
  for (const [from, to] of [[0, 72 * unit], [height, height - 150 * unit]]) {
    const veil = context.createLinearGradient(0, from, 0, to);
    veil.addColorStop(0, "rgb(5 8 12 / 0.72)");
    veil.addColorStop(1, "rgb(5 8 12 / 0)");
    context.fillStyle = veil;
    context.fillRect(0, Math.min(from, to), width, Math.abs(to - from));
  }
}

/** @param {CanvasRenderingContext2D} context */
function write(context, text, x, y, size, colour, align = "left", weight = 600) {
  context.font = `${weight} ${size}px system-ui, "Segoe UI", Roboto, Arial, sans-serif`;
  context.textAlign = align;
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** @param {CanvasRenderingContext2D} context @param {Shown} shown */
function drawStatus(context, width, unit, shown) {
  context.fillStyle = shown.modeColour;
  context.beginPath();
  context.arc(22 * unit, 26 * unit, 6 * unit, 0, 2 * Math.PI);
  context.fill();
  const mode = shown.mode[0].toUpperCase() + shown.mode.slice(1);
  write(context, mode, 36 * unit, 32 * unit, 18 * unit, "#fff");
  if (Number.isFinite(shown.speed_m_s)) {
    const text = `${shown.speed_m_s.toFixed(2)} m/s`;
    write(context, text, width - 18 * unit, 32 * unit, 18 * unit, "#fff", "right");
  }
}

/** @param {CanvasRenderingContext2D} context @param {Shown} shown */
function drawDial(context, width, height, unit, shown) {
  const dial = { context, x: width / 2, y: height + 10 * unit, unit };
  arc(dial, -1, 1, "rgb(255 255 255 / 0.28)", 7);
  for (const value of [-1, -0.5, 0, 0.5, 1]) {
    tick(dial, value, 112, value === 0 ? 100 : 106, "rgb(255 255 255 / 0.6)", 2);
  }
  if (Number.isFinite(shown.steering)) {
    arc(dial, 0, shown.steering, APPLIED, 7);
    tick(dial, shown.steering, 108, 132, "#fff", 4);
    const text = signed(shown.steering);
    write(context, text, width / 2, height - 60 * unit, 26 * unit, "#fff", "center");
  }
  write(context, "STEERING", width / 2, height - 40 * unit, 11 * unit, SOFT, "center", 500);
  if (Number.isFinite(shown.human_steering)) wedge(dial, shown.human_steering, HUMAN);
  if (Number.isFinite(shown.pilot_steering)) ring(dial, shown.pilot_steering, PILOT);
}

const angleOf = (value) => Math.max(-1.1, Math.min(1.1, value)) * FULL_LOCK_RAD;

/** A point of the dial, as far from its middle as `radius` says. */
function place(dial, value, radius) {
  const angle = angleOf(value);
  const length = radius * dial.unit;
  return [dial.x + length * Math.sin(angle), dial.y - length * Math.cos(angle)];
}

function arc(dial, from, to, colour, thickness) {
  const [start, end] = from < to ? [from, to] : [to, from];
  const { context } = dial;
  context.beginPath();
  const up = -Math.PI / 2;
  context.arc(dial.x, dial.y, 120 * dial.unit, up + angleOf(start), up + angleOf(end));
  context.strokeStyle = colour;
  context.lineWidth = thickness * dial.unit;
  context.stroke();
}

function tick(dial, value, inner, outer, colour, thickness) {
  const { context } = dial;
  context.beginPath();
  context.moveTo(...place(dial, value, inner));
  context.lineTo(...place(dial, value, outer));
  context.strokeStyle = colour;
  context.lineWidth = thickness * dial.unit;
  context.stroke();
}

/** The human's wish: a solid pointer outside the dial. */
function wedge(dial, value, colour) {
  const { context } = dial;
  context.beginPath();
  context.moveTo(...place(dial, value, 133));
  context.lineTo(...place(dial, value - 0.08, 150));
  context.lineTo(...place(dial, value + 0.08, 150));
  context.closePath();
  context.fillStyle = colour;
  context.fill();
}

/** The pilot's wish: a ring on the dial. */
function ring(dial, value, colour) {
  const { context } = dial;
  context.beginPath();
  context.arc(...place(dial, value, 120), 8 * dial.unit, 0, 2 * Math.PI);
  context.strokeStyle = colour;
  context.lineWidth = 3.5 * dial.unit;
  context.stroke();
}

/** A bar at the right: up is ahead. */
function drawThrottle(context, width, height, unit, throttle) {
  const [x, length] = [width - 24 * unit, 92 * unit];
  const middle = height - 66 * unit;
  context.fillStyle = "rgb(255 255 255 / 0.22)";
  context.fillRect(x - 5 * unit, middle - length / 2, 10 * unit, length);
  if (Number.isFinite(throttle)) {
    context.fillStyle = throttle < 0 ? REVERSE : APPLIED;
    const bar = (throttle * length) / 2;
    context.fillRect(x - 5 * unit, middle - Math.max(bar, 0), 10 * unit, Math.abs(bar));
    write(context, signed(throttle), x - 14 * unit, middle + 5 * unit, 15 * unit, "#fff", "right");
  }
  context.fillStyle = "#fff";
  context.fillRect(x - 8 * unit, middle - unit / 2, 16 * unit, Math.max(unit, 1));
  write(context, "THROTTLE", width - 16 * unit, height - 8 * unit, 10 * unit, SOFT, "right", 500);
}

/** @param {number} value */
export const signed = (value) =>
  Number.isFinite(value) ? `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}` : "–";
