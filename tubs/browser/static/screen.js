// The large picture: the camera's image, its classes and the instruments, each record as it comes.

import { tinted } from "./class_colours.js";
import { byId } from "./page.js";
import { drawOverlay, MODE_COLOURS } from "./overlay.js";
import { Pictures } from "./pictures.js";

const AHEAD_PLAYING = 40;
const AHEAD_STANDING = 8;

export class Screen {
  /**
   * @param {import("./tub.js").Tub} tub
   * @param {import("./player.js").Player} player
   * @param {() => void} changed called when a picture has arrived that should be seen
   */
  constructor(tub, player, changed) {
    this.tub = tub;
    this.player = player;
    this.overlayOn = true;
    this.mapOn = false;
    const arrived = (record) => {
      this.newest = record;
      if (record === this.player.record || !this.pictures.kept.has(this.player.record)) changed();
    };
    this.pictures = new Pictures((record) => tub.address(record, "pictures"), arrived);
    this.maps = new Pictures((record) => tub.address(record, "maps"), arrived, tinted);
    this.picture = byId("picture");
    this.context = this.picture.getContext("2d");
    this.overlay = byId("overlay");
    this.shownRecord = -1;
    /** The record whose picture arrived last. */
    this.newest = -1;
    this.observer = new ResizeObserver(changed);
    this.observer.observe(this.picture);
  }

  draw() {
    const { player } = this;
    const wanted = player.ahead(player.playing ? AHEAD_PLAYING : AHEAD_STANDING);
    this.pictures.want(wanted);
    this.maps.want(this.mapOn ? wanted : []);
    const found = this.pictures.get(player.record);
    player.reportPicture(Boolean(found));
    if (found) this.#show(player.record, found);
    else this.#showNearest();
    this.#drawOverlay();
    byId("gone").hidden = !this.tub.deleted[player.record];
  }

  /** Until the right picture is there: the one that came last, if it is nearer than what is shown. */
  #showNearest() {
    const distance = (record) => Math.abs(record - this.player.record);
    const picture = this.pictures.kept.get(this.newest);
    const playing = this.player.playing && this.newest > this.player.record;
    if (picture?.bitmap && !playing && distance(this.newest) < distance(this.shownRecord)) {
      this.#show(this.newest, picture);
    }
  }

  /** @param {number} record @param {import("./pictures.js").Picture} found */
  #show(record, { bitmap, damaged }) {
    const placeholder = byId("placeholder");
    placeholder.hidden = Boolean(bitmap);
    placeholder.textContent = damaged || "this record has no picture";
    this.picture.classList.toggle("absent", !bitmap);
    this.picture.setAttribute(
      "aria-label",
      bitmap ? `Camera picture of record ${record}` : `Record ${record} is damaged`,
    );
    this.shownRecord = record;
    this.picture.dataset.record = String(record);
    if (!bitmap) {
      this.context.clearRect(0, 0, this.picture.width, this.picture.height);
      return;
    }
    if (this.picture.width !== bitmap.width || this.picture.height !== bitmap.height) {
      this.picture.width = bitmap.width;
      this.picture.height = bitmap.height;
    }
    this.context.drawImage(bitmap, 0, 0);
    const map = this.mapOn && this.maps.get(record)?.bitmap;
    if (map) this.context.drawImage(map, 0, 0, bitmap.width, bitmap.height);
  }

  #drawOverlay() {
    const { picture, overlay } = this;
    const box = picture.getBoundingClientRect();
    const scale = Math.min(box.width / picture.width, box.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    const ratio = window.devicePixelRatio;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (overlay.width !== wide || overlay.height !== high) {
      overlay.width = wide;
      overlay.height = high;
      overlay.style.width = `${width}px`;
      overlay.style.height = `${height}px`;
    }
    drawOverlay(overlay.getContext("2d"), wide, high, this.overlayOn ? this.values() : { mode: "" });
  }

  /** What the instruments show now. */
  values() {
    const { columns, modes } = this.tub;
    const { record } = this.player;
    const mode = columns.mode[record];
    return {
      steering: columns.steering[record],
      throttle: columns.throttle[record],
      human_steering: columns.human_steering[record],
      pilot_steering: columns.pilot_steering[record],
      speed_m_s: columns.speed_m_s[record],
      mode: modes[mode] ?? "",
      modeColour: MODE_COLOURS[mode] ?? "#fff",
    };
  }

  close() {
    this.observer.disconnect();
    this.pictures.close();
    this.maps.close();
  }
}
