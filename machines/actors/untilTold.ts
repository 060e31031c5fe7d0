import type { Clock } from '../protocol/clock.js';

/** How long to wait before it is tried again, in milliseconds. */
const retryMs = 1_000;

/**
 * Does something that must not get lost although whoever watches the actors throws in it: tries again each second until it succeeds.
 * What was thrown is reported as an uncaught error, as XState does. Returns the undo.
 */
export function untilTold(clock: Clock, tell: () => void): () => void {
  let undo = () => {};
  const attempt = () => {
    try {
      tell();
    } catch (error) {
      undo = clock.setTimer(attempt, retryMs);
      void Promise.reject(error);
    }
  };
  attempt();
  return () => undo();
}
