import { spanText } from '../../planning/timeText.js';

/** What is said of a microgrid without a stream. */
export const POLLED =
  'It is read every 30 s: a browser has too few connections for a stream of each microgrid, or the service offers none.';

/** How long ago a microgrid was read, in whole seconds. */
export function agoText(ageMs: number): string {
  return `read ${spanText(Math.max(0, Math.floor(ageMs / 1_000)) * 1_000)} ago`;
}
