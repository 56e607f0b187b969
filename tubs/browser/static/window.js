// Which stretch of the tub the charts show: zoom, pan, follow the cursor.

const SHORTEST = 20;

export class Window {
  /** @param {number} count records in the tub */
  constructor(count) {
    this.count = count;
    this.all();
  }

  all() {
    this.from = 0;
    this.to = this.count;
  }

  get length() {
    return this.to - this.from;
  }

  get whole() {
    return this.length >= this.count;
  }

  /**
   * @param {number} factor below 1 shows less, and larger
   * @param {number} about the record that stays where it is
   */
  zoom(factor, about) {
    const shortest = Math.min(SHORTEST, this.count);
    const length = Math.max(shortest, Math.min(this.count, this.length * factor));
    const share = (about - this.from) / this.length;
    this.#set(about - share * length, length);
  }

  /** @param {number} records positive goes ahead */
  pan(records) {
    this.#set(this.from + records, this.length);
  }

  /**
   * Moves as little as brings a record into sight; says whether it moved.
   * @param {number} record
   */
  follow(record) {
    if (record >= this.from && record < this.to) return false;
    const margin = this.length * 0.1;
    this.#set(record < this.from ? record - margin : record - margin, this.length);
    return true;
  }

  /** @param {number} from @param {number} length */
  #set(from, length) {
    this.from = Math.max(0, Math.min(this.count - length, from));
    this.to = this.from + length;
  }
}
