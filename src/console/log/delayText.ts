import { spanText } from '../../planning/timeText.js';

/** A delay as a reader wants to see it: in milliseconds below a second, else to the second, such as `3h 34m 1s`. */
export function delayText(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : spanText(Math.round(ms / 1_000) * 1_000);
}
