// Deleting, restoring, undo and redo: asked of the server, whose answer is the truth.

import { say } from "./page.js";
import * as server from "./server.js";

const LOOK_EVERY_MS = 1000;

export class Edits {
  /**
   * @param {import("./tub.js").Tub} tub
   * @param {() => void} changed called when other records are deleted than before
   * @param {(bytes: number) => void} grown called with how much the tub has grown
   */
  constructor(tub, changed, grown) {
    this.tub = tub;
    this.changed = changed;
    this.grown = grown;
    this.closed = false;
    /** Edits go one after the other. @type {Promise<void>} */
    this.last = Promise.resolve();
    this.look = this.look.bind(this);
    this.timer = setTimeout(this.look, LOOK_EVERY_MS);
  }

  /**
   * @param {"delete" | "restore"} edit
   * @param {[number, number][]} stretches first and last record of each
   * @param {string} why the rule that chose them
   */
  mark(edit, stretches, why) {
    this.#send({ edit, runs: stretches.flatMap(([first, last]) => this.tub.runs(first, last)), why });
  }

  /** @param {"undo" | "redo"} edit */
  step(edit) {
    this.#send({ edit });
  }

  #send(edit) {
    this.last = this.last.then(async () => {
      try {
        const marks = await server.sendEdit(this.tub.number, edit);
        this.#take(marks);
        say(marks.done[0].toUpperCase() + marks.done.slice(1));
      } catch (error) {
        say(error.message, true);
      }
    });
  }

  /** @param {server.Marks} marks */
  #take(marks) {
    if (this.closed) return;
    this.tub.takeMarks(marks);
    this.changed();
  }

  /** Somebody else may have edited, and a tub that is being recorded grows. */
  async look() {
    if (document.visibilityState === "visible") {
      try {
        const state = await server.stateOf(this.tub.number);
        await this.last;
        if (this.closed) return;
        if (state.marks !== this.tub.marks.version) this.#take(await server.marksOf(this.tub.number));
        this.grown(state.grown_bytes);
        if (this.silent) say("The server answers again");
        this.silent = false;
      } catch (error) {
        if (!this.silent && !this.closed) say(error.message, true);
        this.silent = true;
      }
    }
    if (!this.closed) this.timer = setTimeout(this.look, LOOK_EVERY_MS);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
