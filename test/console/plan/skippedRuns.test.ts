import { expect, it } from 'vitest';

import { readDraft } from '../../../src/console/plan/draft/planDraft.js';
import { fieldsOf } from '../../../src/console/plan/fields/fieldsOf.js';
import { emptyFields, type PlanFields } from '../../../src/console/plan/fields/planFields.js';
import type { PlanSubject } from '../../../src/console/plan/fields/planSubject.js';
import { dispatchAsGroup } from '../../../src/planning/groups/dispatchAsGroup.js';
import { plannedGroup } from '../../../src/planning/groups/plannedGroup.js';
import { daily, dispatchRecord, hourMs, monday10Ms } from '../../support/dispatchRecord.js';

const options = { microgridId: 1, nowMs: monday10Ms - hourMs };
const dayMs = 24 * hourMs;

/** A form of a dispatch that runs daily at 10:00 UTC, with a skipped run. */
function draft(skippedMs: number, fields: Partial<PlanFields>) {
  const { group, common } = dispatchAsGroup(dispatchRecord({ startTimeMs: monday10Ms, recurrence: daily() }));
  const live = plannedGroup(1, { ...group, exceptions: [skippedMs] }, common);
  const subject: PlanSubject = { kind: 'group', live };
  return readDraft(subject, { ...fieldsOf(subject, 'UTC'), ...fields }, options);
}

it('a skipped run moves with the time of its group in UTC, and is named when it cannot', () => {
  const skippedMs = monday10Ms + 2 * dayMs;
  const moved = draft(skippedMs, { hours: '11' });
  expect(moved.intent).toMatchObject({ goal: { group: { exceptions: [skippedMs + hourMs] } } });
  const start = new Date(skippedMs + dayMs).toISOString().slice(0, 16).replace('T', ' ');
  const lost = draft(skippedMs, { start });
  expect(lost.intent).toMatchObject({ goal: { group: { exceptions: [] } } });
  expect(lost.notes).toContainEqual(expect.stringContaining('does not count as skipped any more.'));
});

it('a group whose runs would all be skipped then is refused, also by another clock', () => {
  const once = { ending: 'until', until: '2026-03-02 23:00', minutes: '0' } as const;
  for (const fields of [{ hours: '11' }, { hours: '11', clock: 'local' } as const]) {
    const { problems } = draft(monday10Ms, { ...once, ...fields });
    expect(Object.values(problems).flat()).toEqual([expect.stringContaining('would be skipped')]);
  }
});

it('the changed end of a run that is alone is told', () => {
  const zone = 'Europe/Berlin';
  const fields = { ...emptyFields(zone), type: 'CHARGE', components: '1', start: '2026-03-28 22:00', duration: '8h' };
  expect(readDraft({ kind: 'new' }, fields, options).notes).toEqual([
    'The run of Sat 2026-03-28 22:00:00 CET ends at Sun 2026-03-29 07:00:00 CEST: the clock changes in it.',
  ]);
});
