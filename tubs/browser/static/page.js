// Small pieces of the page: elements by name, elements made, figures in words, a message.

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/**
 * @param {string} name
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string)} children
 */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** @param {number} count @param {string} one */
export const counted = (count, one) =>
  `${count.toLocaleString("en")} ${count === 1 ? one : `${one}${one.endsWith("ch") ? "es" : "s"}`}`;

/** @param {number} seconds @param {number} [digits] */
export function minutes(seconds, digits = 0) {
  const power = 10 ** digits;
  const whole = Math.floor(seconds * power + 1e-6) / power;
  const [hours, rest] = [Math.floor(whole / 3600), whole % 3600];
  const end = (rest % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  const middle = Math.floor(rest / 60);
  return hours ? `${hours}:${String(middle).padStart(2, "0")}:${end}` : `${middle}:${end}`;
}

/** @param {number} bytes */
export const size = (bytes) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

/** @param {string} iso */
export function day(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? ""
    : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

let forget = 0;

/**
 * Shows a message for a while; a bad one stays until the next.
 * @param {string} text
 * @param {boolean} [bad]
 */
export function say(text, bad = false) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.classList.toggle("bad", bad);
  clearTimeout(forget);
  forget = setTimeout(() => (toast.textContent = ""), bad ? 12000 : 3000);
}
