import { describe, expect, it } from 'vitest';
import type { PlanDraft } from '../../../src/console/plan/draft/made.js';
import { readDraft } from '../../../src/console/plan/draft/planDraft.js';
import { fieldsOf } from '../../../src/console/plan/fields/fieldsOf.js';
import { emptyFields, type PlanFields } from '../../../src/console/plan/fields/planFields.js';
import type { PlanSubject } from '../../../src/console/plan/fields/planSubject.js';
import { newGroup } from '../../../src/planning/groups/newGroup.js';
import { plannedGroup } from '../../../src/planning/groups/plannedGroup.js';
import { hourMs, monday10Ms } from '../../support/dispatchRecord.js';

const options = { microgridId: 1, nowMs: monday10Ms };
const zone = 'Europe/Berlin';
/** On 29 March, the clock goes from 02:00 to 03:00. */
const fields: PlanFields = {
  ...emptyFields(zone),
  ...{ type: 'CHARGE', components: '1', start: '2026-03-29 02:30', recurs: true, clock: 'local' },
  ...{ ending: 'until', until: '2026-04-02' },
};
const draft = (others: Partial<PlanFields> = {}) => readDraft({ kind: 'new' }, { ...fields, ...others }, options);
const startsOf = ({ records }: PlanDraft) =>
  records.map(({ startTimeMs }) => new Date(startTimeMs).toISOString().slice(0, 16));
const MEANT = expect.stringContaining('is meant at 02:30');

describe('a start that its zone skips', () => {
  it('is that time on the other days, which is told beside its field only', () => {
    const made = draft();
    expect(made.problems).toEqual({});
    expect(startsOf(made)).toEqual(['2026-03-29T01:30', '2026-03-30T00:30']);
    expect(made.words).toMatch(/^every day at 02:30 Europe\/Berlin/);
    expect(made.notes).not.toContainEqual(MEANT);
  });

  it('is told of its run when the start was given as an instant', () => {
    const instant = { start: '2026-03-29 01:30Z', hours: '2', minutes: '30' };
    expect(draft(instant).notes).toContainEqual(MEANT);
  });

  it('is that of a group that is moved there', () => {
    const group = newGroup({
      ...{ zone, startTimeMs: Date.UTC(2026, 2, 20, 7), durationMs: hourMs, toMinute: null },
      rule: { frequency: 'DAILY', interval: 1, untilMs: Date.UTC(2026, 3, 2) },
    });
    const common = { type: 'CHARGE', selector: { ids: [1] }, active: true, dryRun: false, payload: {} };
    const subject: PlanSubject = { kind: 'group', live: plannedGroup(1, group, common) };
    const moved = { ...fieldsOf(subject, zone), start: fields.start, hours: '', minutes: '' };
    expect(startsOf(readDraft(subject, moved, options))).toEqual(['2026-03-29T01:30', '2026-03-30T00:30']);
  });

  it('is refused where a rule counts from it', () => {
    const { problems } = draft({ frequency: 'HOURLY', interval: '2' });
    expect(problems).toEqual({ start: [expect.stringContaining('give another start')] });
  });

  it('is the time after the gap for a run that is alone', () => {
    expect(startsOf(draft({ recurs: false }))).toEqual(['2026-03-29T01:30']);
  });
});
