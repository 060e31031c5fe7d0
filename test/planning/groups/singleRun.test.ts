import { describe, expect, it } from 'vitest';

import { instantOf } from '../../../src/model/recurrence/localTime.js';
import { minuteOfDay } from '../../../src/planning/groups/group.js';
import { partsOf } from '../../../src/planning/groups/groupParts.js';
import { newGroup } from '../../../src/planning/groups/newGroup.js';
import { runNotes } from '../../../src/planning/groups/runNotes.js';
import { singleRun } from '../../../src/planning/groups/singleRun.js';
import { hourMs } from '../../support/dispatchRecord.js';

const minuteMs = 60_000;

describe('a run to a local time, in the night in which the clock goes forward', () => {
  it.each([
    ['Europe/Berlin', '2027-03-28T02:30', '03:15', 45, 'ends at Sun 2027-03-28 04:15:00 CEST, not at 03:15'],
    ['America/New_York', '2027-03-14T02:30', '03:15', 45, 'ends at Sun 2027-03-14 04:15:00 GMT-4, not at 03:15'],
    ['Europe/Berlin', '2027-03-28T02:10', '03:15', 5, 'lasts 5m, not 1h 5m'],
    ['Europe/Berlin', '2027-03-28T02:30', '03:30', 60, 'ends at Sun 2027-03-28 04:30:00 CEST, not at 03:30'],
    ['Europe/Berlin', '2027-03-28T01:00', '02:30', 90, 'ends at Sun 2027-03-28 03:30:00 CEST, not at 02:30'],
    ['Europe/Berlin', '2027-03-27T22:00', '06:00', 420, 'lasts 7h, not 8h'],
    ['Europe/Berlin', '2027-03-27T22:00', '22:00', 23 * 60, 'lasts 23h, not 1d'],
    ['Europe/Berlin', '2027-03-28T04:00', '05:00', 60, null],
    ['Europe/Berlin', '2027-10-30T22:00', '06:00', 540, 'lasts 9h, not 8h'],
  ])('in %s from %s to %s lasts %i minutes, alone and of a group', (zone, start, to, minutes, told) => {
    const localStartMs = Date.parse(`${start}Z`);
    const startTimeMs = instantOf(zone, localStartMs);
    const toMinute = minuteOfDay(to) ?? 0;
    const single = singleRun(zone, { startTimeMs, localStartMs, durationMs: null, toMinute });
    expect(single.durationMs).toBe(minutes * minuteMs);
    const texts = told === null ? [] : [expect.stringContaining(` ${told}`)];
    expect(single.notes).toEqual(texts);
    const beginsMs = localStartMs - 2 * 24 * hourMs;
    const group = newGroup({
      zone,
      startTimeMs: instantOf(zone, beginsMs),
      rule: { frequency: 'DAILY', interval: 1, untilMs: startTimeMs + 48 * hourMs },
      durationMs: null,
      toMinute,
    });
    const [own] = partsOf(group)
      .filter(part => part.startTimeMs <= startTimeMs)
      .slice(-1);
    expect(own?.durationMs).toBe(minutes * minuteMs);
    const ofRun = runNotes(group).filter(
      ({ startMs, text }) => startMs === startTimeMs && !text.includes('is meant at'),
    );
    expect(ofRun.map(({ text }) => text)).toEqual(texts);
  });
});

describe('a run of a duration', () => {
  it.each([
    [
      '2027-03-27T22:00',
      8,
      'The run of Sat 2027-03-27 22:00:00 CET ends at Sun 2027-03-28 07:00:00 CEST: the clock changes in it.',
    ],
    [
      '2027-10-30T22:00',
      8,
      'The run of Sat 2027-10-30 22:00:00 CEST ends at Sun 2027-10-31 05:00:00 CET: the clock changes in it.',
    ],
    ['2027-03-27T22:00', 2, null],
    ['2027-03-29T22:00', 8, null],
  ])('from %s for %i hours keeps it, and its end is told', (start, hours, told) => {
    const startTimeMs = instantOf('Europe/Berlin', Date.parse(`${start}Z`));
    const single = singleRun('Europe/Berlin', { startTimeMs, durationMs: hours * hourMs });
    expect(single).toEqual({ durationMs: hours * hourMs, notes: told === null ? [] : [told] });
  });

  it('has none to tell without an end', () => {
    expect(singleRun('Europe/Berlin', { startTimeMs: 0, durationMs: null })).toEqual({ durationMs: null, notes: [] });
  });
});
