// The lowest and the highest of any stretch of a series, fast enough for a million values.

const BLOCK = 16;

export class Envelope {
  /** @param {Float32Array} values nan where unknown */
  constructor(values) {
    this.values = values;
    const blocks = Math.ceil(values.length / BLOCK);
    this.low = new Float32Array(blocks).fill(Infinity);
    this.high = new Float32Array(blocks).fill(-Infinity);
    for (let n = 0; n < values.length; n++) {
      const value = values[n];
      const block = (n / BLOCK) | 0;
      if (value < this.low[block]) this.low[block] = value;
      if (value > this.high[block]) this.high[block] = value;
    }
    /** Whether any value is known. */
    this.known = this.low.some((value) => value !== Infinity);
  }

  /**
   * @param {number} from the first record
   * @param {number} to the one after the last
   * @param {[number, number]} into gets lowest and highest; Infinity and -Infinity when unknown
   */
  over(from, to, into) {
    let low = Infinity;
    let high = -Infinity;
    let n = from;
    while (n < to) {
      if (n % BLOCK === 0 && n + BLOCK <= to) {
        const block = n / BLOCK;
        if (this.low[block] < low) low = this.low[block];
        if (this.high[block] > high) high = this.high[block];
        n += BLOCK;
      } else {
        const value = this.values[n++];
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    into[0] = low;
    into[1] = high;
  }

  /** The whole series' [lowest, highest]. */
  extent() {
    /** @type {[number, number]} */
    const into = [0, 0];
    this.over(0, this.values.length, into);
    return into;
  }
}
