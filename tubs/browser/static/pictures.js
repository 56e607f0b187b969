// Pictures around the cursor: fetched ahead, decoded off the main thread, forgotten when too many.

import { pictureAt } from "./server.js";

const AT_ONCE = 6;
const URGENT_AT_ONCE = 2;
const BUDGET_BYTES = 64e6;

/** @typedef {{bitmap: ImageBitmap | null, damaged: string}} Picture */

export class Pictures {
  /**
   * @param {(record: number) => string} address
   * @param {(record: number) => void} arrived
   * @param {(bitmap: ImageBitmap) => ImageBitmap} [finish] what to make of a decoded picture
   */
  constructor(address, arrived, finish = (bitmap) => bitmap) {
    this.address = address;
    this.arrived = arrived;
    this.finish = finish;
    /** @type {Map<number, Picture>} least recently used first */
    this.kept = new Map();
    this.bytes = 0;
    /** @type {Map<number, AbortController>} */
    this.underWay = new Map();
    /** @type {number[]} */
    this.wanted = [];
    /** What was first in line when it was fetched: let it come, so that scrubbing shows something. */
    this.urgent = new Set();
  }

  /** @param {number} record @returns {Picture | undefined} */
  get(record) {
    const picture = this.kept.get(record);
    if (picture) {
      this.kept.delete(record);
      this.kept.set(record, picture);
    }
    return picture;
  }

  /**
   * Says what is needed, most urgent first; what is under way for nobody is dropped.
   * @param {number[]} records
   */
  want(records) {
    this.wanted = records;
    const set = new Set(records);
    for (const [record, controller] of this.underWay) {
      if (!set.has(record) && !this.urgent.has(record)) {
        this.underWay.delete(record);
        this.urgent.delete(record);
        controller.abort();
      }
    }
    this.#start();
  }

  #start() {
    const [first] = this.wanted;
    for (const record of this.wanted) {
      if (this.underWay.size >= AT_ONCE || (record === first && this.urgent.size >= URGENT_AT_ONCE)) return;
      if (this.kept.has(record) || this.underWay.has(record)) continue;
      if (record === first) this.urgent.add(record);
      this.#fetch(record);
    }
  }

  /** @param {number} record */
  async #fetch(record) {
    const controller = new AbortController();
    this.underWay.set(record, controller);
    let picture;
    try {
      picture = await this.#load(record, controller.signal);
    } catch (error) {
      if (controller.signal.aborted) return;
      picture = { bitmap: null, damaged: error.message };
    }
    if (this.underWay.get(record) !== controller) {
      picture.bitmap?.close();
      return;
    }
    this.underWay.delete(record);
    this.urgent.delete(record);
    this.#keep(record, picture);
    this.arrived(record);
    this.#start();
  }

  /** @param {number} record @param {AbortSignal} signal @returns {Promise<Picture>} */
  async #load(record, signal) {
    const found = await pictureAt(this.address(record), signal);
    if (found === null) return { bitmap: null, damaged: "" };
    if (typeof found === "string") return { bitmap: null, damaged: found };
    try {
      const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
      return { bitmap: this.finish(await createImageBitmap(found, options)), damaged: "" };
    } catch {
      return { bitmap: null, damaged: `record ${record}: its picture cannot be decoded` };
    }
  }

  /** @param {number} record @param {Picture} picture */
  #keep(record, picture) {
    this.kept.set(record, picture);
    this.bytes += sizeOf(picture);
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= BUDGET_BYTES || oldest === record) break;
      this.kept.delete(oldest);
      this.bytes -= sizeOf(old);
      old.bitmap?.close();
    }
  }

  /** Forgets everything. */
  close() {
    this.urgent.clear();
    this.want([]);
    for (const picture of this.kept.values()) picture.bitmap?.close();
    this.kept.clear();
    this.bytes = 0;
  }
}

/** @param {Picture} picture */
function sizeOf({ bitmap }) {
  return 200 + (bitmap ? bitmap.width * bitmap.height * 4 : 0);
}
