import { tokenBucket } from '../access/tokenBucket.js';

/** Refusals that wait, so that whoever exceeds a limit cannot keep the service busy with refusing. */
export interface PacedRefusals {
  /**
   * Sends a refusal at once, or when its turn has come.
   *
   * @returns a function that drops it, for a call that has ended; null when too many wait.
   */
  add(send: () => void): (() => void) | null;
}

/** Refusals per second, about a tenth of a processor; as many may go at once after a quiet time. */
const PER_SECOND = 500;
const BURST_S = 0.2;
/** Maximum number of those that wait, about 20 MB. */
const MAX_WAITING = 2_000;
const INTERVAL_MS = 20;

/** Creates the refusals of a process. */
export function pacedRefusals(): PacedRefusals {
  const take = tokenBucket(PER_SECOND, BURST_S);
  const waiting = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;

  function sendDue(): void {
    for (const send of waiting) {
      if (!take()) return;
      waiting.delete(send);
      send();
    }
    clearInterval(timer);
    timer = undefined;
  }

  return {
    add(send) {
      if (waiting.size === 0 && take()) {
        send();
        return () => {};
      }
      if (waiting.size >= MAX_WAITING) return null;
      waiting.add(send);
      timer ??= setInterval(sendDue, INTERVAL_MS).unref();
      return () => void waiting.delete(send);
    },
  };
}
