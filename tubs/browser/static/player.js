// Where in the tub we are, and how time passes: seek, step, play at a speed.

const LONGEST_WAIT_S = 2;

export class Player {
  /**
   * @param {import("./tub.js").Tub} tub
   * @param {() => void} changed called when record, playing or speed is another
   */
  constructor(tub, changed) {
    this.tub = tub;
    this.changed = changed;
    this.record = 0;
    this.playing = false;
    this.speed = 1;
    /** How many records pass from one picture to the next, so that only those are fetched. */
    this.stride = 1;
    this.direction = 1;
    this.elapsed_s = 0;
    this.before_ms = 0;
    this.frame_ms = 16.7;
    /** Grows when pictures come late, so that fewer are asked for. */
    this.patience = 1;
    /** How many pictures were late since playing began. */
    this.late = 0;
    this.reported = -1;
    this.tick = this.tick.bind(this);
  }

  /** @param {number} record */
  seek(record) {
    const bounded = Math.max(0, Math.min(this.tub.records - 1, Math.round(record) || 0));
    if (bounded !== this.record) this.direction = bounded < this.record ? -1 : 1;
    this.record = bounded;
    this.elapsed_s = this.tub.columns.elapsed_s[bounded];
    this.changed();
  }

  /**
   * Goes some records on, past those that are left out.
   * @param {number} count negative is back
   */
  step(count) {
    this.pause();
    const direction = Math.sign(count);
    let record = this.record;
    for (let n = 0; n < Math.abs(count); n++) {
      const next = this.tub.played(record + direction, direction);
      if (next < 0) break;
      record = next;
    }
    this.seek(record);
  }

  /** @param {number} seconds negative is back */
  jump(seconds) {
    this.seek(this.tub.columns.at(this.tub.columns.elapsed_s[this.record] + seconds));
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.tub.played(this.record + 1, 1) < 0) this.seek(this.tub.played(0, 1));
    this.playing = true;
    this.late = 0;
    this.direction = 1;
    this.elapsed_s = this.tub.columns.elapsed_s[this.record];
    this.before_ms = performance.now();
    requestAnimationFrame(this.tick);
    this.changed();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.stride = 1;
    this.changed();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    this.changed();
  }

  /** Adapts to how fast pictures come. @param {boolean} there whether it was there in time */
  reportPicture(there) {
    if (!this.playing || this.record === this.reported) return;
    this.reported = this.record;
    if (!there) this.late++;
    this.patience = there ? Math.max(1, this.patience * 0.95) : Math.min(6, this.patience * 1.25);
  }

  /** @param {number} now_ms */
  tick(now_ms) {
    if (!this.playing) return;
    const passed_ms = Math.max(0, now_ms - this.before_ms);
    this.before_ms = now_ms;
    this.frame_ms += 0.1 * (Math.min(passed_ms, 50) - this.frame_ms);
    this.elapsed_s += (Math.min(passed_ms, 250) / 1000) * this.speed;
    const record = this.#due();
    if (record < 0) {
      this.pause();
      return;
    }
    if (record !== this.record) {
      this.record = record;
      this.changed();
    }
    requestAnimationFrame(this.tick);
  }

  /** The record that should be seen now; -1 at the end. */
  #due() {
    const { columns, records, hidden } = this.tub;
    const times = columns.elapsed_s;
    let record = this.record;
    while (record + 1 < records && times[record + 1] <= this.elapsed_s) record++;
    const next = this.tub.played(record + 1, 1);
    if (hidden[record] || (next >= 0 && times[next] - times[record] > LONGEST_WAIT_S)) {
      if (next < 0) return -1;
      this.elapsed_s = times[next];
      return next;
    }
    if (record === records - 1) return record === this.record ? -1 : record;
    this.#measureStride(record);
    const aligned = record - (record % this.stride);
    return aligned > this.record && !hidden[aligned] ? aligned : this.record;
  }

  /** @param {number} record */
  #measureStride(record) {
    const times = this.tub.columns.elapsed_s;
    const ahead = Math.min(record + 32, this.tub.records - 1);
    const period_s = (times[ahead] - times[record]) / Math.max(ahead - record, 1);
    const each = period_s > 0 ? ((this.frame_ms / 1000) * this.speed) / period_s : 1;
    this.stride = Math.max(1, Math.round(each * this.patience));
  }

  /**
   * The records whose pictures will be wanted, most urgent first.
   * @param {number} count
   */
  ahead(count) {
    const wanted = [this.record];
    let record = this.record - (this.record % this.stride);
    while (wanted.length < count) {
      record = this.tub.played(record + this.direction * this.stride, this.direction);
      if (record < 0) break;
      record -= record % this.stride;
      wanted.push(record);
    }
    const back = this.tub.played(this.record - this.direction, -this.direction);
    if (back >= 0 && !this.playing) wanted.splice(2, 0, back);
    return wanted;
  }
}
