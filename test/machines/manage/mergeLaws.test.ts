import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunningNotification } from '../../../machines/dispatch/runNotification.js';
import type { MergedChange, Order } from '../../../machines/manage/decision.js';
import { Merger } from '../../../machines/manage/merger.js';
import {
  type MergeStrategy,
  mergeByType,
  mergeByTypeAndSelector,
  mergeForComponent,
  mergeNothing,
} from '../../../machines/manage/mergeStrategy.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { dispatchRecord, version } from '../../support/dispatchRecord.js';

const fields = fc.record({
  type: fc.constantFrom('CHARGE', 'HOLD'),
  selector: fc.constantFrom({ ids: [5] }, { ids: [5, 6] }, { ids: [6, 5] }, { categories: [{ category: 'BATTERY' }] }),
  dryRun: fc.boolean(),
  payload: fc.record({ kw: fc.nat(2) }),
});

const step = fc.record({
  id: fc.integer({ min: 1, max: 5 }),
  /** Mostly time goes on, in steps so coarse that ends coincide. */
  waitMs: fc.constantFrom(0, 0, 0, 1, 1, 2, 5, -3),
  does: fc.constantFrom('start', 'start', 'resume', 'change', 'change', 'take over', 'stop', 'change type', 'repeat'),
  fields,
  /** How long ago the run began, and how long it is; null: it has no end. */
  agoMs: fc.constantFrom(0, 0, 1, 4),
  lengthMs: fc.constantFrom(0, 1, 2, 2, 5, null),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The notifications that dispatches could send in such steps: a stop only after a start, and so on. */
function notificationsOf(steps: readonly Step[]): RunningNotification[] {
  const running = new Map<number, Order>();
  const said: RunningNotification[] = [];
  let nowMs = 1_000;
  const say = (news: RunningNotification) => {
    said.push(news);
    if (news.type === 'running.stopped') running.delete(news.dispatch.id);
    else running.set(news.dispatch.id, news);
  };
  const stop = (order: Order, dispatch: DispatchRecord, byUpdate: boolean) => {
    const { run } = order;
    if (byUpdate || run.endMs === null || run.endMs > nowMs) {
      say({ type: 'running.stopped', dispatch, run, cause: 'update', atMs: nowMs, lateMs: 0 });
    } else {
      say({ type: 'running.stopped', dispatch, run, cause: 'schedule', atMs: run.endMs, lateMs: nowMs - run.endMs });
    }
  };
  for (const { id, waitMs, does, fields, agoMs, lengthMs } of steps) {
    nowMs += waitMs;
    const order = running.get(id);
    const dispatch = dispatchRecord({ id, ...fields, updateTime: version(said.length) } as Partial<DispatchRecord>);
    const startMs = nowMs - agoMs;
    const endMs = lengthMs === null ? null : Math.max(startMs + lengthMs, lengthMs === 0 ? startMs : nowMs + 1);
    const about = { run: { startMs, endMs }, atMs: nowMs, lateMs: 0 };
    if (order === undefined) {
      if (does === 'resume') say({ type: 'running.resumed', dispatch, ...about, cause: 'restore' });
      else if (does !== 'stop') say({ type: 'running.started', dispatch, ...about, cause: 'sync' });
    } else if (does === 'repeat') {
      const { dispatch, run } = order;
      say({ type: 'running.resumed', dispatch, run, cause: 'restore', atMs: nowMs, lateMs: 0 });
    } else if (order.run.endMs !== null && order.run.endMs <= nowMs) {
      if (does !== 'take over') stop(order, order.dispatch, false);
      else say({ type: 'running.started', dispatch, ...about, cause: 'schedule' });
    } else if (does === 'take over' || does === 'start') {
      say({ type: 'running.started', dispatch, ...about, cause: 'update' });
    } else if (does === 'change' || does === 'resume') {
      const changed = { ...dispatch, type: order.dispatch.type };
      const run = { startMs: order.run.startMs, endMs: endMs === null ? null : Math.max(endMs, nowMs + 1) };
      say({ type: 'running.reconfigured', dispatch: changed, run, cause: 'update', atMs: nowMs, lateMs: 0 });
    } else {
      stop(order, does === 'change type' ? order.dispatch : dispatch, true);
      if (does === 'change type') say({ type: 'running.started', dispatch, ...about, cause: 'update' });
    }
  }
  for (const order of running.values()) stop(order, order.dispatch, false);
  return said;
}

/** What should count, as the words of the rule have it: a list that is searched anew each time. */
class Expected {
  readonly #identityOf: (record: DispatchRecord) => string | null;
  #held: { readonly identity: string; readonly order: Order; counts: boolean }[] = [];

  constructor(identityOf: (record: DispatchRecord) => string | null) {
    this.#identityOf = identityOf;
  }

  /** Takes a notification; returns the identities that it touches. */
  take({ type, dispatch, run, atMs, lateMs }: RunningNotification): Set<string> {
    for (const held of this.#held) {
      const { endMs } = held.order.run;
      if (endMs !== null && endMs <= atMs + lateMs) held.counts = false;
    }
    const touched = this.#held.flatMap(({ identity, order }) => (order.dispatch.id === dispatch.id ? identity : []));
    this.#held = this.#held.filter(({ order }) => order.dispatch.id !== dispatch.id);
    const identity = type === 'running.stopped' ? null : this.#identityOf(dispatch);
    if (identity !== null) this.#held.push({ identity, order: { dispatch, run }, counts: true });
    return new Set([...touched, ...(identity === null ? [] : [identity])]);
  }

  inForce(wanted: string): Order | undefined {
    return this.#held
      .filter(({ identity, counts }) => counts && identity === wanted)
      .map(({ order }) => order)
      .sort((a, b) => b.run.startMs - a.run.startMs || b.dispatch.id - a.dispatch.id)[0];
  }
}

const strategies: [name: string, strategy: MergeStrategy][] = [
  ['none', mergeNothing],
  ['mergeByType', mergeByType],
  ['mergeByTypeAndSelector', mergeByTypeAndSelector],
  ['mergeForComponent', mergeForComponent({ id: 6, category: 'BATTERY' })],
  ['one of a program', { identity: ({ payload }) => (payload.kw === 0 ? null : String(payload.kw)) }],
];

function mergerOf(strategy: MergeStrategy): Merger {
  return new Merger({
    type: '*',
    strategy,
    records: () => [],
    onFailure: cause => {
      throw cause;
    },
  });
}

describe.each(strategies)('merging, strategy %s', (_, strategy) => {
  it('delivers last what is in force, one stop when nothing is, and nothing redundant', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const merger = mergerOf(strategy);
        const expected = new Expected(record => strategy.identity(record));
        const view = new Map<string, MergedChange>();
        for (const news of notificationsOf(steps)) {
          const changes = merger.take(news);
          const touched = expected.take(news);
          expect(changes.filter(({ identity }) => !touched.has(identity))).toEqual([]);
          for (const change of changes) {
            const before = view.get(change.identity);
            if (change.kind === 'stopped') {
              expect(change).toMatchObject({ dispatch: before?.dispatch, run: before?.run });
              view.delete(change.identity);
            } else {
              if (before === undefined) expect(change.kind).toBe('started');
              expect([change.dispatch, change.run]).not.toEqual([before?.dispatch, before?.run]);
              expect(change.cause === 'handover').toBe(change.dispatch !== news.dispatch);
              view.set(change.identity, change);
            }
          }
          expect(changes.length).toBe(new Set(changes.map(({ identity }) => identity)).size);
          for (const identity of touched) {
            const inForce = expected.inForce(identity);
            expect(view.get(identity)?.dispatch).toBe(inForce?.dispatch);
            expect(view.get(identity)?.run).toEqual(inForce?.run);
          }
        }
        expect(view.size).toBe(0);
        expect(merger.told.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('tells a late consumer what the others were told last', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), steps => {
        const early = mergerOf(strategy);
        const said = notificationsOf(steps).slice(0, -1);
        const last = new Map<number, RunningNotification>();
        for (const news of said) {
          early.take(news);
          last.delete(news.dispatch.id);
          if (news.type !== 'running.stopped') last.set(news.dispatch.id, news);
        }
        // Only what still runs: a run that is over and was not told stopped may be told to one and not to the other.
        const nowMs = Math.max(...said.map(({ atMs, lateMs }) => atMs + lateMs));
        fc.pre([...last.values()].every(({ run }) => run.endMs === null || run.endMs > nowMs));
        const late = mergerOf(strategy);
        for (const news of last.values()) late.take({ ...news, atMs: nowMs, lateMs: 0 });
        const byIdentity = (merger: Merger) => [...merger.told].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(byIdentity(late)).toEqual(byIdentity(early));
      }),
    );
  });
});

describe('a strategy with a filter', () => {
  it('lets exactly the messages pass for which it is true, as they are', () => {
    const passes = (nowMs: number, { payload }: DispatchRecord) => (nowMs + Number(payload.kw)) % 2 === 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const merger = mergerOf({
          ...mergeByType,
          filter: (_, record, nowMs) => passes(nowMs, record) || (1 as never),
        });
        for (const news of notificationsOf(steps)) {
          const { dispatch, run, cause, atMs, lateMs } = news;
          const expected = passes(atMs + lateMs, dispatch) ? [{ dispatch, run, cause, atMs, lateMs }] : [];
          expect(merger.take(news)).toMatchObject(expected);
        }
      }),
    );
  });
});
