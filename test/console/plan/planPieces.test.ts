import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRuns } from '../../../src/console/plan/draft/nextRuns.js';
import { planOverlaps } from '../../../src/console/plan/draft/planOverlaps.js';
import { fieldOfPath } from '../../../src/console/plan/fields/fieldOfPath.js';
import { localTimeText } from '../../../src/console/plan/fields/localTimeText.js';
import { mergeFields } from '../../../src/console/plan/fields/mergeFields.js';
import { emptyFields } from '../../../src/console/plan/fields/planFields.js';
import { subjectOf, subjectText } from '../../../src/console/plan/fields/planSubject.js';
import { readLocalTime } from '../../../src/console/plan/fields/readLocalTime.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { daily, dayMs, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../../support/dispatchRecord.js';

describe('a local time', () => {
  it.each([
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25 02:30'],
    ['Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-25 02:30+01:00'],
    ['Europe/Berlin', '2026-03-29T01:30:00Z', '2026-03-29 03:30'],
    ['UTC', '2026-01-01T00:00:01.005Z', '2026-01-01 00:00:01.005'],
    ['Asia/Tokyo', '9999-12-31T23:59:59Z', '9999-12-31 23:59:59Z'],
  ])('of %s: %s is %s', (zone, instant, text) => {
    expect(localTimeText(Date.parse(instant), zone)).toBe(text);
    expect(readLocalTime(text, zone)).toBe(Date.parse(instant));
  });

  it('is read as the instant that it was written of, in every zone', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const instants = fc.integer({ min: Date.UTC(1975, 0), max: Date.UTC(2150, 0) });
    fc.assert(
      fc.property(zones, instants, (zone, ms) => {
        expect(readLocalTime(localTimeText(ms, zone), zone)).toBe(ms);
      }),
    );
  });
});

describe('the path of a violation', () => {
  it.each([
    ['dispatch_data.type', 'type'],
    ['update.start_time', 'start'],
    ['dispatch_data.target.component_categories_types.categories[3].category', 'components'],
    ['update.target', 'components'],
    ['dispatch_data.payload.a[0].b', 'payload'],
    ['dispatch_data.recurrence', 'recurs'],
    ['dispatch_data.recurrence.freq', 'frequency'],
    ['update.recurrence.interval', 'interval'],
    ['dispatch_data.recurrence.byweekdays[1]', 'weekdays'],
    ['dispatch_data.recurrence.bymonthdays', 'monthDays'],
    ['dispatch_data.recurrence.bymonths[0]', 'months'],
    ['dispatch_data.recurrence.byminutes[0]', 'minutes'],
    ['dispatch_data.recurrence.end_criteria.count', 'count'],
    ['dispatch_data.recurrence.end_criteria.until_time', 'until'],
    ['dispatch_data.duration', 'duration'],
    ['dispatch_data.is_dry_run', 'dryRun'],
    ['update.is_active', 'active'],
    ['recurrence.byMonthDays[0]', 'monthDays'],
    ['durationMs', 'duration'],
    ['a key of payload', 'payload'],
    ['microgrid_id', 'form'],
    ['update_mask.paths[0]', 'form'],
  ])('%s is about %s', (path, field) => {
    expect(fieldOfPath(path)).toBe(field);
  });
});

describe('the next runs of a plan', () => {
  it('are those of all its dispatches, in order, with the one that is on', () => {
    const first = dispatchRecord({ id: 1, recurrence: daily({ count: 2 }) });
    const second = dispatchRecord({ id: 2, active: false, startTimeMs: monday10Ms + 2 * dayMs, recurrence: daily() });
    const starts = nextRuns([second, first], monday10Ms + minuteMs, 4).map(
      ({ startMs }) => (startMs - monday10Ms) / dayMs,
    );
    expect(starts).toEqual([0, 1, 2, 3]);
  });

  it('are none of a rule that cannot be evaluated', () => {
    expect(nextRuns([dispatchRecord({ recurrence: { frequency: 99, interval: 1 } })], monday10Ms)).toEqual([]);
  });
});

describe('overlaps of a plan', () => {
  const overlapsOf = (planned: DispatchRecord[], others: DispatchRecord[]) =>
    [...planOverlaps(planned, others, monday10Ms - hourMs)].flatMap(found => found ?? []);
  const planned = dispatchRecord({ id: 0, recurrence: daily() });

  it('are those of runs for the same components at the same time, with each dispatch the first', () => {
    const other = dispatchRecord({
      id: 3,
      startTimeMs: monday10Ms + dayMs + 29 * minuteMs,
      recurrence: daily(),
      type: 'OTHER',
    });
    expect(overlapsOf([planned], [other])).toEqual([
      {
        run: { startMs: monday10Ms + dayMs, endMs: monday10Ms + dayMs + 30 * minuteMs },
        otherId: 3,
        otherType: 'OTHER',
        otherRun: { startMs: other.startTimeMs, endMs: other.startTimeMs + 30 * minuteMs },
      },
    ]);
  });

  it.each<[string, Partial<DispatchRecord>]>([
    ['touch only', { startTimeMs: monday10Ms + 30 * minuteMs }],
    ['are of other components', { selector: { ids: [6] } }],
    ['are dry', { dryRun: true }],
    ['are inactive', { active: false }],
    ['are the plan itself', { id: 0 }],
    ['last no time', { durationMs: 0 }],
    ['cannot be evaluated', { recurrence: { frequency: 99, interval: 1 } }],
  ])('are none with runs that %s', (_, fields) => {
    expect(overlapsOf([planned], [dispatchRecord({ id: 3, ...fields })])).toEqual([]);
  });

  it('are none of an inactive plan', () => {
    expect(overlapsOf([{ ...planned, active: false }], [dispatchRecord({ id: 3 })])).toEqual([]);
  });
});

describe('a form and what somebody else saved meanwhile', () => {
  const base = { ...emptyFields('UTC'), type: 'A', duration: '1h' };

  it('takes what only the other changed, and keeps what only I changed', () => {
    const merged = mergeFields(
      base,
      { ...base, duration: '2h', note: 'mine' },
      { ...base, payload: '{"a":1}', weekdays: ['MONDAY'] },
    );
    expect(merged).toEqual({
      fields: { ...base, duration: '2h', note: 'mine', payload: '{"a":1}', weekdays: ['MONDAY'] },
      taken: ['payload', 'weekdays'],
      conflicts: [],
    });
  });

  it('tells both values where both changed something', () => {
    const mine = { ...base, duration: '2h', active: false };
    const { fields, conflicts } = mergeFields(base, mine, { ...base, duration: '3h', active: false });
    expect(fields).toEqual(mine);
    expect(conflicts).toEqual([{ field: 'duration', base: '1h', mine: '2h', theirs: '3h' }]);
  });

  it('loses nothing: each field is mine, theirs, or in conflict', () => {
    const texts = fc.record({
      type: fc.constantFrom('A', 'B', 'C'),
      duration: fc.constantFrom('1h', '2h'),
      active: fc.boolean(),
    });
    fc.assert(
      fc.property(texts, texts, texts, (one, two, three) => {
        const [start, mine, theirs] = [one, two, three].map(fields => ({ ...base, ...fields })) as [
          typeof base,
          typeof base,
          typeof base,
        ];
        const { fields, conflicts } = mergeFields(start, mine, theirs);
        for (const field of ['type', 'duration', 'active'] as const) {
          const isConflict = conflicts.some(conflict => conflict.field === field);
          const [a, b, c] = [start[field], mine[field], theirs[field]];
          expect(isConflict).toBe(a !== b && a !== c && b !== c);
          expect(fields[field]).toBe(a === b ? c : b);
        }
      }),
    );
  });
});

describe('what a form is about', () => {
  it('is a dispatch, or the whole group that it belongs to', () => {
    const group = {
      id: 'g0000000a',
      rule: { frequency: 'DAILY', interval: 1 },
      start: '2026-03-02T10:00:00Z',
      durationSeconds: 60,
    };
    const part = (id: number, text: string) =>
      dispatchRecord({ id, recurrence: daily(), payload: { _group: { ...group, part: text } } });
    const [one, two, alone] = [part(1, '1/2'), part(2, '2/2'), dispatchRecord({ id: 3 })];
    expect(subjectText(subjectOf(alone, [one, two, alone], monday10Ms))).toBe('dispatch 3');
    expect(subjectText(subjectOf(two, [one, two, alone], monday10Ms))).toBe('group g0000000a (dispatches 1, 2)');
    expect(subjectText({ kind: 'new' })).toBe('a new dispatch');
  });
});
