import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { ExpectedDispatch } from '../../oracle/expectedDispatch.js';
import { describeExpected, describeOutput } from '../../oracle/lines.js';
import type { Differences } from './lifecycleOracle.js';

/** So long after its time a start or a stop is not lost yet, on a machine that does much else. */
const maxLateMs = 3_000;

/**
 * What a dispatcher must say of runs, by the versions of the service: it takes up each version when the dispatcher says that it does, and
 * looks at the time when the dispatcher says something by schedule, or should have.
 */
export class RunOracle {
  readonly #dispatches = new Map<number, ExpectedDispatch>();
  /** What is to be said, by id. */
  readonly #expected = new Map<number, string[]>();
  readonly #lost: string[] = [];
  readonly #doubled: string[] = [];

  /** @param version - the version of the service that a lifecycle event is about. */
  takeVersion({ type, atMs }: LifecycleEvent, version: DispatchRecord, cause: 'sync' | 'update'): void {
    const { id } = version;
    this.#loseExpected(id);
    const dispatch = this.#dispatches.get(id);
    if (type === 'lifecycle.deleted') {
      dispatch?.delete(version, atMs);
      this.#dispatches.delete(id);
    } else if (type === 'lifecycle.updated' && dispatch !== undefined) dispatch.update(version, atMs);
    else {
      const say = (line: string) => this.#expected.set(id, [...(this.#expected.get(id) ?? []), line]);
      // It is constructed in the midst of what it says.
      this.#dispatches.set(id, new ExpectedDispatch(version, atMs, cause, said => say(describeExpected(said))));
    }
  }

  takeRun(notification: RunNotification): void {
    const { dispatch, cause, atMs, lateMs } = notification;
    const line = describeOutput(notification) ?? '';
    const noticedMs = atMs + lateMs;
    const waiting = this.#dispatches.get(dispatch.id);
    const isDue = (waiting?.wanted?.atMs ?? Number.POSITIVE_INFINITY) <= noticedMs;
    if (cause === 'schedule' && isDue && !this.#expected.get(dispatch.id)?.length) waiting?.look(noticedMs);
    const expected = this.#expected.get(dispatch.id) ?? [];
    if (expected[0] === line) expected.shift();
    else this.#doubled.push(expected[0] === undefined ? line : `${line} in place of ${expected.shift()}`);
  }

  /** Compares with what should have been said by now. */
  finish(nowMs: number): Differences {
    for (const id of this.#expected.keys()) this.#loseExpected(id);
    for (const [id, { wanted, record }] of this.#dispatches) {
      if (wanted === null || wanted.kind === 'forget' || wanted.atMs + maxLateMs > nowMs) continue;
      this.#lost.push(`${id} ${record.type} ${wanted.kind} at ${new Date(wanted.atMs).toISOString()}`);
    }
    return { lost: this.#lost.splice(0), doubled: this.#doubled.splice(0) };
  }

  #loseExpected(id: number): void {
    this.#lost.push(...(this.#expected.get(id) ?? []));
    this.#expected.delete(id);
  }
}
