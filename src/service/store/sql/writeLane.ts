import { DispatchError } from '../../../model/dispatchError.js';
import type { AppliedWrite } from '../../domain/dispatchStore.js';
import type { WriteCall } from './writeBatch.js';

/** The writes of one microgrid, which wait in the order in which they came. */
export interface WriteLane {
  readonly microgridId: number;
  /** Number of writes that wait. */
  readonly size: number;
  /** How often it was skipped in succession because something is locked. */
  skips: number;
  /** Whether it shares no transaction with others, because one with it waited in vain for a lock. */
  isApart: boolean;
  /** Adds a write; resolves when it was applied. It leaves when its signal aborts while it waits. */
  add(call: WriteCall): Promise<AppliedWrite>;
  /** Takes the write that has waited for longest; undefined when none waits. */
  take(): TakenWrite | undefined;
  /** Puts back writes that were taken, because their microgrid is locked. Those that have waited for too long are UNAVAILABLE. */
  putBack(writes: readonly TakenWrite[]): void;
}

/** A write that was taken, to be resolved, rejected or put back. */
export interface TakenWrite extends WriteCall {
  resolve(applied: AppliedWrite): void;
  reject(error: unknown): void;
}

interface Waiting extends TakenWrite {
  /** When it waits no longer for its microgrid, by the monotonic clock. */
  readonly untilMs: number;
}

/** Maximum number of waiting writes, so that a microgrid that is locked leaves room for others. */
const MAX_WAITING = 2_000;
/** Maximum time that a write waits for a microgrid that is locked. */
const MAX_LOCKED_MS = 8_000;
/** Time before its deadline at which its caller is told that nothing was changed; afterwards the caller would not know. */
const BEFORE_DEADLINE_MS = 400;

/** Creates an empty lane. */
export function writeLane(microgridId: number): WriteLane {
  let waiting = new Set<Waiting>();

  function add(call: WriteCall): Promise<AppliedWrite> {
    const { signal, deadlineMs } = call.write;
    signal?.throwIfAborted();
    if (waiting.size >= MAX_WAITING) {
      throw new DispatchError('RESOURCE_EXHAUSTED', `too many writes of microgrid ${microgridId} are waiting`);
    }
    let drop = () => {};
    const applied = new Promise<AppliedWrite>((resolve, reject) => {
      const added = { ...call, untilMs: performance.now() + patienceMs(deadlineMs), resolve, reject };
      waiting.add(added);
      drop = () => {
        if (waiting.delete(added)) reject(signal?.reason);
      };
    });
    if (signal === undefined) return applied;
    signal.addEventListener('abort', drop, { once: true });
    return applied.finally(() => signal.removeEventListener('abort', drop));
  }

  return {
    microgridId,
    skips: 0,
    isApart: false,
    get size() {
      return waiting.size;
    },
    add: async call => add(call),
    take() {
      const [first] = waiting;
      if (first) waiting.delete(first);
      return first;
    },
    putBack(writes) {
      const nowMs = performance.now();
      const all = [...(writes as readonly Waiting[]), ...waiting];
      waiting = new Set(all.filter(({ untilMs, write }) => untilMs > nowMs && !write.signal?.aborted));
      for (const call of all) {
        if (waiting.has(call)) continue;
        const { write, reject } = call;
        reject(write.signal?.aborted ? write.signal.reason : locked(microgridId));
      }
    },
  };
}

/** How long a write may wait for its microgrid. */
function patienceMs(deadlineMs = Number.POSITIVE_INFINITY): number {
  const leftMs = deadlineMs - Date.now();
  return Math.min(MAX_LOCKED_MS, Math.max(leftMs - BEFORE_DEADLINE_MS, leftMs / 2));
}

function locked(microgridId: number): DispatchError {
  const message = `microgrid ${microgridId} is locked by another process: nothing was changed`;
  return new DispatchError('UNAVAILABLE', message, { microgridId });
}
