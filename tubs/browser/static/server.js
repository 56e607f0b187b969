// What is asked of the server; every refusal becomes an Error with its one line.

/** @typedef {{number: number, name: string}} Listed */
/** @typedef {{version: string, deleted: [number, number][], to_undo: string, to_redo: string, done: string}} Marks */
/** @typedef {{session: string, first: number, last: number}} Run */

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer: is `everlap tub view` still running?");
  }
  if (!answer.ok) throw new Error((await answer.text()).trim() || `Error ${answer.status}`);
  return answer;
}

/** @returns {Promise<{one: boolean, tubs: Listed[]}>} */
export const listTubs = async () => (await ask("/api/tubs")).json();

/** @param {number} number */
export const summaryOf = async (number) => (await ask(`/api/tubs/${number}/summary`)).json();

/** @param {number} number */
export const openTub = async (number) => (await ask(`/api/tubs/${number}`)).json();

/** @param {number} number @returns {Promise<{marks: string, grown_bytes: number}>} */
export const stateOf = async (number) => (await ask(`/api/tubs/${number}/state`)).json();

/** @param {number} number @returns {Promise<Marks>} */
export const marksOf = async (number) => (await ask(`/api/tubs/${number}/marks`)).json();

/** @param {number} number @param {string} rule @returns {Promise<{rule: string, count: number, runs: [number, number][]}>} */
export const recordsBy = async (number, rule) =>
  (await ask(`/api/tubs/${number}/found?rule=${encodeURIComponent(rule)}`)).json();

/** @param {number} number @param {number} from @returns {Promise<ArrayBuffer>} */
export const columnsOf = async (number, from) =>
  (await ask(`/api/tubs/${number}/columns?from=${from}&count=16384`)).arrayBuffer();

/**
 * @param {number} number
 * @param {{edit: string, runs?: Run[], why?: string}} edit
 * @returns {Promise<Marks>}
 */
export async function sendEdit(number, edit) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(edit);
  return (await ask(`/api/tubs/${number}/edits`, { method: "POST", headers, body })).json();
}

/**
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<Blob | string | null>} a picture, why it is damaged, or null when there is none
 */
export async function pictureAt(address, signal) {
  const answer = await ask(address, { signal });
  if (answer.status === 204) return null;
  if (answer.headers.get("Content-Type").startsWith("image/")) return answer.blob();
  return (await answer.json()).damaged;
}
