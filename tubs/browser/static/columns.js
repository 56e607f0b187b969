// A tub's numbers as typed arrays, one value a record, filled block by block as they arrive.

export const SERIES = [
  "steering", "throttle", "human_steering", "human_throttle",
  "pilot_steering", "pilot_throttle", "speed_m_s", "frame_age_s",
];
const TYPES = { "<f8": Float64Array, "<f4": Float32Array, "<u4": Uint32Array, "|u1": Uint8Array };

export class Columns {
  /** @param {number} count records in the tub */
  constructor(count) {
    this.count = count;
    /** How many have arrived. */
    this.filled = 0;
    this.time_s = new Float64Array(count);
    /** Seconds of driving before each record, pauses between sessions left out. */
    this.elapsed_s = new Float64Array(count);
    this.stamp = new Uint32Array(count);
    this.mode = new Uint8Array(count).fill(255);
    this.damaged = new Uint8Array(count);
    for (const name of SERIES) this[name] = new Float32Array(count).fill(NaN);
  }

  /**
   * Takes the next block, as tubs/browser/columns.py packs it.
   * @param {ArrayBuffer} buffer
   */
  take(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    let offset = 4 + length;
    const first = this.filled;
    let taken = 0;
    for (const [name, type, count] of head) {
      const values = new TYPES[type](buffer, offset, count);
      taken = Math.min(count, this.count - first);
      this[name].set(values.subarray(0, taken), first);
      offset += Math.ceil(values.byteLength / 8) * 8;
    }
    this.filled = first + taken;
    this.#addUp(first);
    return taken;
  }

  /** @param {number} first */
  #addUp(first) {
    for (let n = Math.max(first, 1); n < this.filled; n++) {
      const step = this.time_s[n] - this.time_s[n - 1];
      this.elapsed_s[n] = this.elapsed_s[n - 1] + (step > 0 ? step : 0);
    }
  }

  /**
   * The last record at or before a time.
   * @param {number} elapsed_s
   */
  at(elapsed_s) {
    let low = 0;
    let high = Math.max(this.filled - 1, 0);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.elapsed_s[middle] <= elapsed_s) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
