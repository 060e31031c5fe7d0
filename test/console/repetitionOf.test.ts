import { expect, it } from 'vitest';

import { nextStarts, plansOf } from '../../src/console/page/plannedRuns.js';
import { repetitionOf } from '../../src/console/page/repetitionOf.js';
import { subjectText } from '../../src/console/plan/fields/planSubject.js';
import { dispatchAsGroup } from '../../src/planning/groups/dispatchAsGroup.js';
import { withGroup } from '../../src/planning/groups/group.js';
import { newGroup } from '../../src/planning/groups/newGroup.js';
import { daily, dayMs, dispatchRecord, hourMs, monday10Ms } from '../support/dispatchRecord.js';

const group = {
  ...newGroup({
    zone: 'Asia/Kathmandu',
    startTimeMs: monday10Ms,
    rule: { frequency: 'DAILY', interval: 1, byHours: [2], byMinutes: [15], untilMs: monday10Ms + 30 * dayMs },
    durationMs: hourMs,
    toMinute: null,
  }),
};

it('tells the rule of a group in its zone, and its skipped runs', () => {
  const skippedMs = Date.parse(`${new Date(monday10Ms).toISOString().slice(0, 10)}T20:30:00Z`);
  const payload = withGroup({}, { group: { ...group, exceptions: [skippedMs] }, part: '1/1', step: null, by: null });
  const { text, skipped } = repetitionOf({ recurrence: daily(), payload });
  expect(text).toMatch(/every day at 02:15 Asia\/Kathmandu, until .*, 1 skipped/);
  expect(text).not.toContain('UTC');
  expect(skipped).toEqual([{ startMs: skippedMs, text: expect.stringContaining('02:15') }]);
});

it('tells the rule of a dispatch with a skipped run in words', () => {
  const { group: found } = dispatchAsGroup(dispatchRecord({ recurrence: daily() }));
  const skipping = { ...found, exceptions: [monday10Ms + dayMs] };
  const payload = withGroup({}, { group: skipping, part: '1/2', step: null, by: null });
  expect(repetitionOf({ recurrence: daily(), payload }).text).toBe('every day, 1 skipped (UTC)');
});

it('lists the next runs of the whole group of a dispatch, whichever part it is', () => {
  const { group: found } = dispatchAsGroup(dispatchRecord({ recurrence: daily() }));
  const skipping = { ...found, exceptions: [monday10Ms + dayMs] };
  const payload = withGroup({}, { group: skipping, part: '1/2', step: null, by: null });
  const over = dispatchRecord({ recurrence: daily({ untilMs: monday10Ms }), payload });
  const nowMs = monday10Ms + hourMs;
  const days = (record: typeof over) => nextStarts(plansOf(record), nowMs, 5).map(ms => (ms - monday10Ms) / dayMs);
  expect(days(over)).toEqual([2, 3, 4, 5, 6]);
  expect(days({ ...over, active: false })).toEqual([]);
  expect(days({ ...over, payload: {} })).toEqual([]);

  // The clock changes on Sunday the 29th, which begins another part.
  const zoned = newGroup({
    zone: 'Europe/Berlin',
    startTimeMs: monday10Ms + 25 * dayMs,
    rule: { frequency: 'DAILY', interval: 1, byHours: [8], byMinutes: [0], untilMs: monday10Ms + 60 * dayMs },
    durationMs: hourMs,
    toMinute: null,
  });
  const part = withGroup({}, { group: zoned, part: '1/2', step: null, by: null });
  expect(days({ ...over, payload: part })).toHaveLength(5);
});

it('tells the rule of a dispatch in UTC', () => {
  expect(repetitionOf({ recurrence: daily(), payload: {} }).text).toContain('UTC');
  expect(repetitionOf({ recurrence: null, payload: {} })).toEqual({ text: 'no', skipped: [] });
});

it('calls a group of one dispatch so', () => {
  const record = dispatchRecord({ id: 6, recurrence: daily(), durationMs: hourMs });
  const live = dispatchAsGroup(record);
  expect(subjectText({ kind: 'group', live })).toMatch(/ \(dispatch 6\)$/);
  expect(subjectText({ kind: 'group', live: { ...live, records: [record, { ...record, id: 7 }] } })).toMatch(
    / \(dispatches 6, 7\)$/,
  );
});
