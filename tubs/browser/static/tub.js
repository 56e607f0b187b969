// One tub: its records, sessions and events, what is deleted, and which records count now.

import { Columns, SERIES } from "./columns.js";
import { Envelope } from "./envelope.js";
import * as server from "./server.js";

/** @typedef {{name: string, key: string, first: number, records: number, finished: boolean}} Session */
/** @typedef {{record: number, kind: string, text: string}} TubEvent */

export class Tub {
  /**
   * @param {number} number by which the server knows it
   * @param {any} shown what the server says of it
   */
  constructor(number, shown) {
    this.number = number;
    Object.assign(this, shown);
    /** @type {Session[]} */
    this.sessions = shown.sessions.filter((session) => session.records);
    this.columns = new Columns(shown.records);
    /** @type {Record<string, Envelope>} */
    this.envelopes = {};
    /** 1 where a record is deleted. */
    this.deleted = new Uint8Array(shown.records);
    /** 1 where a record is left out when playing. */
    this.hidden = new Uint8Array(shown.records);
    this.deletedCount = 0;
    /** @type {{only: number | null, skipDeleted: boolean}} */
    this.filter = { only: null, skipDeleted: true };
    this.takeMarks(shown.marks);
  }

  /**
   * @param {number} number
   * @param {(tub: Tub) => void} progress called after each block
   */
  static async open(number, progress) {
    const tub = new Tub(number, await server.openTub(number));
    while (tub.columns.filled < tub.records) {
      const taken = tub.columns.take(await server.columnsOf(number, tub.columns.filled));
      progress(tub);
      if (!taken) break;
    }
    for (const name of SERIES) tub.envelopes[name] = new Envelope(tub.columns[name]);
    if (!tub.events.some((event) => event.kind === "mode")) tub.#deriveModeEvents();
    tub.#filter();
    return tub;
  }

  /** Recordings without events, such as imports, still have modes that change. */
  #deriveModeEvents() {
    const { mode } = this.columns;
    for (const session of this.sessions) {
      for (let n = session.first + 1; n < session.first + session.records; n++) {
        if (mode[n] === mode[n - 1] || mode[n] === 255 || mode[n - 1] === 255) continue;
        this.events.push({ record: n, kind: "mode", text: `Mode: ${this.modes[mode[n]]}` });
      }
    }
    this.events.sort((a, b) => a.record - b.record);
  }

  /** @param {server.Marks} marks */
  takeMarks(marks) {
    this.marks = marks;
    this.deleted.fill(0);
    this.deletedCount = 0;
    for (const [first, last] of marks.deleted) {
      const end = Math.min(last, this.records - 1);
      this.deleted.fill(1, first, end + 1);
      this.deletedCount += Math.max(end - first + 1, 0);
    }
    this.#filter();
  }

  /** @param {{only?: number | null, skipDeleted?: boolean}} change */
  show(change) {
    Object.assign(this.filter, change);
    this.#filter();
  }

  #filter() {
    const { only, skipDeleted } = this.filter;
    const { mode } = this.columns;
    for (let n = 0; n < this.records; n++) {
      const hidden = (skipDeleted && this.deleted[n]) || (only !== null && mode[n] !== only);
      this.hidden[n] = hidden ? 1 : 0;
    }
  }

  /**
   * The nearest record that is played, from one on, in a direction; -1 when there is none.
   * @param {number} record
   * @param {number} direction +1 or -1
   */
  played(record, direction) {
    let n = record;
    while (n >= 0 && n < this.records && this.hidden[n]) n += direction;
    return n >= 0 && n < this.records ? n : -1;
  }

  /** @param {number} record */
  sessionAt(record) {
    let place = 0;
    while (place + 1 < this.sessions.length && this.sessions[place + 1].first <= record) place++;
    return place;
  }

  /**
   * Where the server has the picture of a record, or its class map.
   * @param {number} record
   * @param {"pictures" | "maps"} kind
   */
  address(record, kind) {
    const session = this.sessions[this.sessionAt(record)];
    const within = record - session.first;
    return `/api/tubs/${this.number}/${kind}/${session.key}/${within}/${this.columns.stamp[record]}`;
  }

  /**
   * Some records as runs within sessions, for an edit.
   * @param {number} first
   * @param {number} last included
   * @returns {server.Run[]}
   */
  runs(first, last) {
    return this.sessions
      .map(({ name, first: start, records }) => ({
        session: name,
        first: Math.max(first, start) - start,
        last: Math.min(last, start + records - 1) - start,
      }))
      .filter((run) => run.first <= run.last);
  }
}
