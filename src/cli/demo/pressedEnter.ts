import { once } from 'node:events';

import { untilInterrupted } from '../untilInterrupted.js';

/** Waits in a terminal until Enter is pressed; returns false when it was Ctrl-C. */
export async function pressedEnter(): Promise<boolean> {
  using interrupted = untilInterrupted();
  try {
    await once(process.stdin, 'data', { signal: interrupted });
    return true;
  } catch (error) {
    if (interrupted.aborted) return false;
    throw error;
  } finally {
    process.stdin.pause();
  }
}
