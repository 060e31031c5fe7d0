import { setTimeout as pause } from 'node:timers/promises';

const INTERVAL_MS = 100;
const TRIES = 300;

/** Tries something until it succeeds, for half a minute and longer if it takes long. Rejects as the last attempt did. */
export async function eventually<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await pause(INTERVAL_MS);
    }
  }
}
