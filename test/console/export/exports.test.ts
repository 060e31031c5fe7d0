import { expect, it } from 'vitest';
import { calendarOf } from '../../../src/console/export/calendarOf.js';
import { csvOf } from '../../../src/console/export/csvOf.js';
import { daily, dispatchRecord, hourMs, monday10Ms } from '../../support/dispatchRecord.js';
import { doneSteps } from '../../support/doneSteps.js';

const present = { nowMs: monday10Ms, presentMs: monday10Ms, witnessedFromMs: monday10Ms, missed: new Map() };

it('writes rows as CSV in parts, and tells how far it is', () => {
  const recurrence = daily({ frequency: 'MINUTELY' });
  const record = dispatchRecord({ id: 7, type: '=1+1, "x"', selector: { ids: [1, 2] }, recurrence });
  const rows = Array.from({ length: 3_000 }, (_, index) => {
    const startMs = monday10Ms + index * hourMs;
    const endMs = index === 2_999 ? Number.POSITIVE_INFINITY : startMs + hourMs;
    return { run: { record, startMs, endMs, isMerged: index === 1 }, startMs, endMs, isCovered: false };
  });
  const { result, yielded } = doneSteps(csvOf(rows, present));
  expect(yielded).toEqual([965, 1_989, 3_000]);
  const lines = result.join('').split('\r\n');
  expect(lines).toHaveLength(3_002);
  const dispatch = `7,"'=1+1, ""x""","1, 2"`;
  expect(lines[1]).toBe(`2026-03-02T10:00:00.000Z,2026-03-02T11:00:00.000Z,${dispatch},running,1`);
  expect(lines[2]).toBe(`2026-03-02T11:00:00.000Z,2026-03-02T12:00:00.000Z,${dispatch},planned,60`);
  expect(lines[3_000]).toMatch(/^[^,]*,,7,/);
});

it('escapes in the CSV what turns the direction of text', () => {
  const record = dispatchRecord({ id: 7, type: 'A\u202eB' });
  const [startMs, endMs] = [monday10Ms, monday10Ms + hourMs];
  const rows = [{ run: { record, startMs, endMs, isMerged: false }, startMs, endMs, isCovered: false }];
  expect(doneSteps(csvOf(rows, present)).result.join('')).toContain(',7,A\\u202eB,');
});

it('writes dispatches as a calendar in parts, and tells how far it is', () => {
  const records = Array.from({ length: 100 }, (_, index) => dispatchRecord({ id: index + 1 }));
  const { result, yielded } = doneSteps(calendarOf(records));
  expect(yielded).toEqual([32, 64, 96]);
  expect(result.parts.join('').match(/BEGIN:VEVENT/g)).toHaveLength(100);
  expect(result.parts.join('')).toMatch(/END:VCALENDAR\r\n$/);
  expect(result.leftOut).toEqual([]);
});
