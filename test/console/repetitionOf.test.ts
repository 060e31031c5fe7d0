import { expect, it } from 'vitest';

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
