// Mouse, pen and fingers on the charts: click to go there, drag to select, wheel or pinch to zoom.

const CLICK_PX = 4;

/**
 * @param {import("./charts.js").Charts} charts
 * @param {{seek: (record: number) => void, select: (a: number, b: number) => void,
 *          hover: (record: number | null) => void, viewed: () => void}} then
 * @param {AbortSignal} signal ends it
 */
export function listenToPointer(charts, then, signal) {
  const { plot, view } = charts;
  /** @type {Map<number, number>} x of each pointer that is down */
  const down = new Map();
  let began = 0;
  let dragging = false;
  const on = (name, call) => plot.addEventListener(name, call, { signal, passive: false });
  const xOf = (event) => event.clientX - plot.getBoundingClientRect().left;

  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    down.set(event.pointerId, xOf(event));
    began = charts.recordAt(xOf(event));
    dragging = false;
  });

  on("pointermove", (event) => {
    const x = xOf(event);
    if (!down.has(event.pointerId)) {
      then.hover(charts.recordAt(x));
      return;
    }
    if (down.size === 2) {
      pinch(charts, down, event.pointerId, x);
      then.viewed();
      return;
    }
    if (Math.abs(x - down.get(event.pointerId)) > CLICK_PX) dragging = true;
    if (dragging) then.select(began, charts.recordAt(x));
  });

  on("pointerup", (event) => {
    const pinched = down.size > 1;
    if (!down.delete(event.pointerId) || dragging || pinched) return;
    if (event.shiftKey) then.select(Number.NaN, charts.recordAt(xOf(event)));
    else then.seek(charts.recordAt(xOf(event)));
  });
  on("pointercancel", (event) => down.delete(event.pointerId));
  on("pointerleave", () => then.hover(null));

  on("wheel", (event) => {
    if (event.ctrlKey || (!event.shiftKey && Math.abs(event.deltaY) > Math.abs(event.deltaX))) {
      const factor = Math.exp(Math.max(-0.5, Math.min(0.5, pixels(event.deltaY, event) * 0.002)));
      view.zoom(factor, charts.recordAt(xOf(event)));
    } else {
      const delta = event.deltaX || event.deltaY;
      view.pan((pixels(delta, event) / plot.clientWidth) * view.length);
    }
    event.preventDefault();
    then.viewed();
  });
}

/** Wheels count in pixels, lines or pages. */
const pixels = (delta, event) => delta * [1, 16, 400][event.deltaMode];

/**
 * Two fingers: what lies under them stays under them.
 * @param {import("./charts.js").Charts} charts
 * @param {Map<number, number>} down
 */
function pinch(charts, down, moved, x) {
  const other = [...down.keys()].find((id) => id !== moved);
  const [before, fixed] = [down.get(moved), down.get(other)];
  const [gapBefore, gap] = [Math.max(Math.abs(before - fixed), 8), Math.max(Math.abs(x - fixed), 8)];
  const middle = charts.recordAt((before + fixed) / 2);
  charts.view.zoom(gapBefore / gap, middle);
  charts.view.pan(middle - charts.recordAt((x + fixed) / 2));
  down.set(moved, x);
}
