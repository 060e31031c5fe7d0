import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { runAt } from '../../../src/model/schedule.js';
import { type Group, withoutGroup } from '../../../src/planning/groups/group.js';
import { type PartPlan, partsOf } from '../../../src/planning/groups/groupParts.js';
import { commonOf, liveGroup } from '../../../src/planning/groups/liveGroup.js';
import { newGroup } from '../../../src/planning/groups/newGroup.js';
import { type Change, type Common, planChanges } from '../../../src/planning/groups/planChanges.js';
import { dispatchRecord, hourMs } from '../../support/dispatchRecord.js';
import { allOccurrences, type ZonedCase, zonedCase } from '../../support/zonedCases.js';

const at = (text: string) => Date.parse(text);

/** 08:00 to 10:00 in Berlin from December 2030 to November 2031: three stretches. */
const group = newGroup(
  {
    zone: 'Europe/Berlin',
    startTimeMs: at('2030-12-01T00:00Z'),
    rule: { frequency: 'DAILY', interval: 1, byHours: [8], byMinutes: [0], untilMs: at('2031-11-30T00:00Z') },
    durationMs: 2 * hourMs,
    toMinute: null,
  },
  'g00000001',
);
const common: Common = { type: 'CHARGE', selector: { ids: [1] }, active: true, dryRun: false, payload: { kw: 5 } };

/** The dispatches of a group after writes. */
function written(records: readonly DispatchRecord[], changes: readonly Change[]): DispatchRecord[] {
  const after = new Map(records.map(record => [record.id, record]));
  let id = Math.max(0, ...after.keys());
  for (const change of changes) {
    if (change.kind === 'delete') after.delete(change.record.id);
    else if (change.kind === 'update') {
      const { startTime, ...fields } = change.changes;
      const record = after.get(change.record.id) ?? change.record;
      const start = startTime === undefined ? {} : { startTimeMs: startTime.getTime() };
      after.set(record.id, { ...record, ...fields, ...start } as DispatchRecord);
    } else {
      const { startTime, ...fields } = change.dispatch;
      id += 1;
      after.set(id, dispatchRecord({ ...(fields as Partial<DispatchRecord>), id, startTimeMs: startTime.getTime() }));
    }
  }
  return [...after.values()].sort((a, b) => a.startTimeMs - b.startTimeMs);
}

const created = written([], planChanges(group, common, [], at('2030-11-01T00:00Z')));

const changed = (changes: Partial<Group>, nowMs: number, records = created) =>
  planChanges({ ...group, ...changes }, common, records, nowMs);

describe('the writes of a group', () => {
  it.each([
    ['before it begins', '2030-11-02T00:00Z'],
    ['in a run', '2030-12-24T07:30Z'],
    ['in a later stretch', '2031-06-01T12:00Z'],
    ['after it', '2032-01-01T00:00Z'],
  ])('are none when nothing changed, %s', (_, now) => {
    expect(changed({}, at(now))).toEqual([]);
  });

  it('keep the id and the start of a dispatch that is running when its time changes: it goes on with another end', () => {
    const nowMs = at('2030-12-24T07:30Z');
    const changes = changed({ rule: { ...group.rule, byMinutes: [15] } }, nowMs);
    expect(changes.map(({ kind }) => kind)).toEqual(['update', 'update', 'update']);
    const [first] = written(created, changes);
    expect(first).toMatchObject({ id: created[0]?.id, startTimeMs: created[0]?.startTimeMs });
    expect(runAt(created[0] as DispatchRecord, nowMs)?.endMs).toBe(at('2030-12-24T09:00Z'));
    expect(runAt(first as DispatchRecord, nowMs)?.endMs).toBe(at('2030-12-24T09:15Z'));
  });

  it('give a dispatch that cannot keep its start one that a service accepts', () => {
    const nowMs = at('2030-12-24T12:00Z');
    const weekly = { ...group.rule, frequency: 'WEEKLY', interval: 2, byWeekdays: ['FRIDAY'] } as const;
    const [first] = written(created, changed({ rule: weekly, startTimeMs: at('2030-12-08T00:00Z') }, nowMs));
    expect(first?.id).toBe(created[0]?.id);
    // Of the weeks from 2 December on every second one, and none in the past.
    expect(new Date(first?.startTimeMs ?? 0).toISOString()).toBe('2031-01-03T07:00:00.000Z');
  });

  it('leave what is over as it is, but for what it tells of the group', () => {
    const changes = changed({ rule: { ...group.rule, byHours: [9] } }, at('2031-06-01T12:00Z'));
    const ofFirst = changes.filter(change => change.kind === 'update' && change.record.id === created[0]?.id);
    expect(ofFirst).toMatchObject([{ changes: { payload: { _group: { rule: { byHours: [9] } } } } }]);
    expect(Object.keys((ofFirst[0] as Extract<Change, { kind: 'update' }>).changes)).toEqual(['payload']);
  });

  it('create the second part before they cut the first when a run is skipped', () => {
    const changes = changed({ exceptions: [at('2030-12-25T07:00Z')] }, at('2030-12-10T12:00Z'));
    expect(changes[0]).toMatchObject({ kind: 'create', dispatch: { startTime: new Date('2030-12-26T07:00Z') } });
    expect(changes.slice(1).map(({ kind }) => kind)).toEqual(['update', 'update', 'update']);
    const records = written(created, changes);
    expect(
      records.map(({ recurrence }) => recurrence?.untilMs && new Date(recurrence.untilMs).toISOString().slice(0, 10)),
    ).toEqual(['2030-12-24', '2031-03-29', '2031-10-25', '2031-11-29']);
    // And back.
    const back = planChanges(group, common, records, at('2030-12-10T13:00Z'));
    expect(back.at(-1)?.kind).toBe('delete');
    expect(written(records, back)).toEqual(created);
  });

  it('move the start when the next run of a dispatch that began is skipped and none is on', () => {
    const changes = changed({ exceptions: [at('2030-12-25T07:00Z')] }, at('2030-12-24T12:00Z'));
    expect(changes.map(({ kind }) => kind)).toEqual(['update', 'update', 'update']);
    expect(written(created, changes)[0]?.startTimeMs).toBe(at('2030-12-26T07:00Z'));
  });

  it('keep the last dispatch when its last run is skipped, so that it can be undone', () => {
    const single: Group = {
      ...group,
      zone: null,
      untilMs: null,
      rule: { frequency: 'DAILY', interval: 1, count: 2 },
      startTimeMs: at('2030-12-01T08:00Z'),
    };
    const record = dispatchRecord({
      id: 7,
      startTimeMs: single.startTimeMs,
      recurrence: single.rule,
      durationMs: single.durationMs,
      payload: { kw: 5 },
    });
    const nowMs = at('2030-12-01T12:00Z');
    const skipped = { ...single, exceptions: [at('2030-12-02T08:00Z')] };
    const records = written([record], planChanges(skipped, commonOf(record), [record], nowMs));
    expect(records).toMatchObject([{ id: 7, recurrence: { untilMs: single.startTimeMs } }]);
    const live = liveGroup(records, nowMs);
    const back = written(records, planChanges({ ...skipped, exceptions: [] }, live?.common ?? common, records, nowMs));
    expect(back.map(({ payload }) => payload)).toContainEqual({ kw: 5 });
    expect(back.flatMap(({ startTimeMs }) => startTimeMs)).toContain(at('2030-12-02T08:00Z'));
  });

  it('are the same again when only a part of them was made', () => {
    const nowMs = at('2030-12-24T12:00Z');
    const target = { rule: { ...group.rule, byHours: [0, 12] }, exceptions: [at('2031-01-05T11:00Z')] };
    const changes = changed(target, nowMs);
    const whole = written(created, changes).map(record => ({ ...record, id: 0 }));
    for (let made = 0; made <= changes.length; made += 1) {
      const partial = written(created, changes.slice(0, made));
      const rest = changed(target, nowMs, partial);
      const records = written(partial, rest).map(record => ({ ...record, id: 0 }));
      expect(records.map(schedule)).toEqual(whole.map(schedule));
    }
  });
});

describe('the writes of any group', () => {
  const skips = fc.array(fc.nat(), { maxLength: 3 });
  const change = fc.record({
    before: zonedCase,
    after: zonedCase,
    isSameRule: fc.boolean(),
    skipped: skips,
    share: fc.double({ min: -0.1, max: 1.1, noNaN: true }),
    durationMs: fc.integer({ min: 1, max: 600 }).map(minutes => minutes * 60_000),
  });

  it('leave exactly the runs to come that it means then, with no new start in the past, and nothing more to write', () => {
    let compared = 0;
    fc.assert(
      fc.property(change, ({ before, after, isSameRule, skipped, share, durationMs }) => {
        const old = groupFor(before, durationMs);
        const nowMs = Math.floor(before.startTimeMs + share * (before.untilMs - before.startTimeMs));
        const rule = isSameRule ? before : { ...before, rule: after.rule };
        const changedGroup = { ...groupFor(rule, durationMs), exceptions: [] as number[] };
        const parts = unlessRefused(() => [partsOf(old), partsOf(changedGroup)]);
        if (parts === null) return;
        const all = allOccurrences(parts[1] ?? []);
        const exceptions = [...new Set(skipped.flatMap(pick => all[pick % all.length] ?? []))].sort((a, b) => a - b);
        const target = { ...changedGroup, exceptions };

        const records = written([], planChanges(old, common, [], before.startTimeMs - 1));
        const changes = planChanges(target, common, records, nowMs);
        const result = written(records, changes);
        // A run within the next seconds may be over before the writes are done.
        const toCome = (starts: readonly number[]) => starts.filter(start => start > nowMs + 2_000);
        const left = all.filter(start => !exceptions.includes(start));
        expect(toCome(allOccurrences(result.map(partOf)))).toEqual(toCome(left));
        const starts = new Map(records.map(({ id, startTimeMs }) => [id, startTimeMs]));
        for (const { id, startTimeMs } of result)
          if (starts.get(id) !== startTimeMs) expect(startTimeMs).toBeGreaterThanOrEqual(nowMs);
        expect(planChanges(target, common, result, nowMs)).toEqual([]);
        compared += left.length === 0 ? 0 : 1;
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(50);
  });
});

function groupFor({ rule, startTimeMs, zone, untilMs }: ZonedCase, durationMs: number): Group {
  return { id: 'g00000001', zone, rule, startTimeMs, untilMs, durationMs, toMinute: null, exceptions: [] };
}

function unlessRefused<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function partOf({ startTimeMs, durationMs, recurrence }: DispatchRecord): PartPlan {
  return {
    startTimeMs,
    durationMs: durationMs ?? 0,
    rule: recurrence ?? { frequency: 'DAILY', interval: 1, count: 1 },
  };
}

function schedule({ startTimeMs, durationMs, recurrence, payload }: DispatchRecord) {
  return { startTimeMs, durationMs, recurrence, payload: withoutGroup(payload) };
}
