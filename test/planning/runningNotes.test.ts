import { describe, expect, it } from 'vitest';

import { groupRunningNotes } from '../../src/planning/groups/groupRunningNotes.js';
import { newGroup } from '../../src/planning/groups/newGroup.js';
import { type Common, planChanges } from '../../src/planning/groups/planChanges.js';
import { plannedGroup } from '../../src/planning/groups/plannedGroup.js';
import { runningNotes } from '../../src/planning/runningNotes.js';
import { daily, dispatchRecord, hourMs, minuteMs, monday10Ms } from '../support/dispatchRecord.js';

const STOPPED = ['It is running, and is stopped by this.'];
const RECONFIGURED = ['It is running, and is reconfigured by this.'];
const STARTED = ['It starts at once: its run is on now.'];

describe('a change of a dispatch', () => {
  const record = dispatchRecord({ durationMs: hourMs, recurrence: daily() });
  const nowMs = monday10Ms + hourMs / 2;

  it.each([
    ['a shorter duration', { durationMs: minuteMs }, STOPPED],
    ['another start', { startTimeMs: nowMs + minuteMs }, STOPPED],
    ['another rule', { recurrence: daily({ byHours: [11] }) }, STOPPED],
    ['a pause', { active: false }, STOPPED],
    ['a longer duration', { durationMs: 2 * hourMs }, RECONFIGURED],
    ['another payload', { payload: { kw: 7 } }, RECONFIGURED],
    ['the end of its rule', { recurrence: daily({ count: 9 }) }, []],
  ])('tells what happens to the run that is on: %s', (_, changes, notes) => {
    expect(runningNotes([record], [{ ...record, ...changes }], nowMs)).toEqual(notes);
    expect(runningNotes([record], [{ ...record, ...changes }], monday10Ms - 1)).toEqual([]);
  });

  it('tells of a run that begins by it', () => {
    expect(runningNotes([{ ...record, active: false }], [record], nowMs)).toEqual(STARTED);
  });
});

describe('a change of a group', () => {
  const group = newGroup({
    ...{ zone: 'Europe/Berlin', startTimeMs: Date.parse('2030-12-01T00:00Z'), durationMs: 2 * hourMs, toMinute: null },
    rule: daily({ byHours: [8], byMinutes: [0], untilMs: Date.parse('2031-11-30T00:00Z') }),
  });
  const common: Common = { type: 'A', selector: { ids: [1] }, active: true, dryRun: false, payload: {} };
  const { records } = plannedGroup(1, group, common);
  const nowMs = Date.parse('2030-12-24T08:30Z');
  const notes = (changes: Partial<typeof group>, others: Partial<Common> = {}) =>
    groupRunningNotes(records, planChanges({ ...group, ...changes }, { ...common, ...others }, records, nowMs), nowMs);

  it('tells what happens to the run that is on', () => {
    expect(notes({ durationMs: hourMs })).toEqual(STOPPED);
    expect(notes({ rule: { ...group.rule, byHours: [12] } })).toEqual(STOPPED);
    expect(notes({}, { active: false })).toEqual(STOPPED);
    expect(notes({ untilMs: Date.parse('2030-12-01T12:00Z') })).toEqual(STOPPED);
    expect(notes({ durationMs: 3 * hourMs })).toEqual(RECONFIGURED);
  });
});
