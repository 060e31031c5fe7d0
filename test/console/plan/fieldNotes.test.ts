import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';

import { readDraft } from '../../../src/console/plan/draft/planDraft.js';
import { fieldNotes } from '../../../src/console/plan/fields/fieldNotes.js';
import { emptyFields, type PlanFields } from '../../../src/console/plan/fields/planFields.js';
import { planFormMachine } from '../../../src/console/plan/planFormMachine.js';
import { shownProblems } from '../../../src/console/plan/view/useForm.js';

const nowMs = Date.UTC(2026, 0, 1);
const valid: PlanFields = { ...emptyFields('Europe/Berlin'), type: 'HEAT', components: '1', start: '2026-03-02 08:00' };
const notes = (fields: Partial<PlanFields>) => fieldNotes({ ...valid, ...fields }, nowMs);
const problems = (fields: Partial<PlanFields>) =>
  readDraft({ kind: 'new' }, { ...valid, ...fields }, { microgridId: 1, nowMs }).problems;

describe('the notes beside the fields', () => {
  it('tell of a local time that does not exist, or comes twice', () => {
    expect(notes({ start: '2026-03-29 02:30' }).start).toEqual([expect.stringContaining('does not exist')]);
    expect(notes({ start: '2026-10-25 02:30' }).start).toEqual([expect.stringContaining('comes twice')]);
    expect(notes({ ends: 'time', end: '2026-10-25 02:30' }).end).toEqual([expect.stringContaining('comes twice')]);
    expect(notes({ start: '2026-10-25 02:30+01:00' }).start).toEqual([]);
    expect(notes({ start: '2026-10-25 02:30 Asia/Tokyo' }).start).toEqual([]);
    for (const start of ['now', 'in 2h', 'nonsense', '2026-10-25 02:30 CET'])
      expect(notes({ start }).start).toEqual([]);
  });

  it('tell that a rule never runs whose last start is before its start', () => {
    const rule = { recurs: true, ending: 'until' } as const;
    expect(notes({ ...rule, until: '2026-03-01' }).until).toEqual(['It never runs: this is before the start.']);
    expect(notes({ ...rule, start: 'now', until: '2025-12-30' }).until).toHaveLength(1);
    expect(notes({ ...rule, until: '2026-03-02' }).until).toEqual([]);
  });
});

describe('the problems of the fields', () => {
  it('refuse a type of blanks', () => {
    expect(problems({ type: '   ' })).toEqual({ type: ['It must not be blank.'] });
    expect(problems({ type: 'A B' })).toEqual({});
  });

  it.each([
    ['hours', '-1', 'It must be from 0 to 23, not -1.'],
    ['minutes', '0,-5', 'It must be from 0 to 59, not -5.'],
    ['months', '5000000000', 'It must be from 1 to 12, not 5000000000.'],
    ['interval', '5000000000', 'It must be at most 4294967295.'],
  ] as const)('tell the range of %s: %s', (field, text, problem) => {
    expect(problems({ recurs: true, [field]: text })).toEqual({ [field]: [problem] });
  });

  it('name no field of programs', () => {
    const found = problems({ recurs: true, frequency: 'MONTHLY', monthDays: '1,99999999999' });
    expect(found.monthDays?.join()).toMatch(/^Entry 2 must be /);
  });

  it('tell at once that a rule in local time needs an end', () => {
    const present = { ids: () => [][Symbol.iterator](), get: () => undefined };
    const input = { microgridId: 1, present, subject: { kind: 'new' }, zone: 'Europe/Berlin', nowMs, fields: valid };
    const actor = createActor(planFormMachine, { input: input as never }).start();
    actor.send({ type: 'field.changed', field: 'recurs', value: true });
    expect(shownProblems(actor.getSnapshot().context, 'ending')).toEqual([]);
    actor.send({ type: 'field.changed', field: 'clock', value: 'local' });
    expect(shownProblems(actor.getSnapshot().context, 'ending')).toEqual([expect.stringContaining('needs an end')]);
  });
});
