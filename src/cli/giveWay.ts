import { setImmediate } from 'node:timers/promises';

import { commandSignal } from './commandSignal.js';
import { aborted } from './untilInterrupted.js';

/** Time that work may take before signals have their turn. */
const TURN_MS = 50;
let turnMs = 0;

/**
 * Lets signals have their turn amid long work, now and then.
 *
 * @throws the reason of the abort when the command was ended in a shell.
 */
export async function giveWay(): Promise<void> {
  const nowMs = performance.now();
  if (nowMs - turnMs < TURN_MS) return;
  turnMs = nowMs;
  await setImmediate();
  commandSignal()?.throwIfAborted();
}

/** Items of a long reading, amid which signals have their turn; see {@link giveWay}. */
export async function* givingWay<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  for await (const item of items) {
    await giveWay();
    yield item;
  }
}

/** Waits for work that knows no signal. Rejects when the command was ended in a shell; the work may then go on for a while. */
export async function orInterrupted<T>(work: Promise<T>): Promise<T> {
  const signal = commandSignal();
  if (signal === undefined) return work;
  const ended = new AbortController();
  const interrupted = aborted(AbortSignal.any([signal, ended.signal])).then(() => {
    throw signal.reason;
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    interrupted.catch(() => {});
    ended.abort();
  }
}
