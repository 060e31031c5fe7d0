import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { MicrogridClient } from '../../../src/client/microgridClient.js';
import type { NewDispatch } from '../../../src/client/requests.js';
import { fieldsOf } from '../../../src/console/plan/fields/fieldsOf.js';
import { emptyFields, type PlanFields } from '../../../src/console/plan/fields/planFields.js';
import { type ExistingSubject, type PlanSubject, subjectOf } from '../../../src/console/plan/fields/planSubject.js';
import type { Done } from '../../../src/console/plan/write/done.js';
import { type PlanAction, performAction } from '../../../src/console/plan/write/performAction.js';
import { saveDraft } from '../../../src/console/plan/write/saveDraft.js';
import { takeBack } from '../../../src/console/plan/write/takeBack.js';
import { type UndoEntry, withoutEntry } from '../../../src/console/plan/write/undoEntry.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { groupOf, withoutGroup } from '../../../src/planning/groups/group.js';
import { startTestService, type TestService } from '../../../src/testing/startTestService.js';
import { dayMs, hourMs } from '../../support/dispatchRecord.js';

let service: TestService;
let client: MicrogridClient;
let microgridId = 0;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());
beforeEach(() => {
  microgridId += 1;
  client = service.client.forMicrogrid(microgridId);
});

const tomorrowMs = Math.ceil(Date.now() / dayMs) * dayMs + dayMs;
const zone = 'Europe/Berlin';

async function created(fields: Partial<NewDispatch> = {}): Promise<DispatchRecord> {
  const dispatch = { type: 'CHARGE', startTime: new Date(tomorrowMs), durationMs: hourMs, selector: { ids: [1] } };
  return (await client.create({ ...dispatch, ...fields })).record;
}

const daily: Partial<NewDispatch> = { recurrence: { frequency: 'DAILY', interval: 1 } };

async function all(): Promise<DispatchRecord[]> {
  const found: DispatchRecord[] = [];
  for await (const { record } of client.list({ sort: { field: 'createTime' } })) found.push(record);
  return found;
}

/** What a service has, without what changes with each version. */
async function contents() {
  return (await all()).map(({ id: _, createTime, updateTime, payload, ...others }) => ({
    ...others,
    payload: withoutGroup(payload),
  }));
}

const dispatch = (record: DispatchRecord): ExistingSubject => ({ kind: 'dispatch', record });
const act = (action: PlanAction) => performAction(client, action, { nowMs: Date.now(), note: 'test' });
const undo = (entry: UndoEntry | null) => takeBack(client, entry as UndoEntry, { nowMs: Date.now() });

async function save(subject: PlanSubject, fields: Partial<PlanFields>): Promise<Done> {
  const result = await saveDraft(client, subject, { ...fieldsOf(subject, zone), ...fields }, Date.now());
  if (result.kind !== 'saved') throw new Error(`it was not saved: ${JSON.stringify(result)}`);
  return result.done;
}

const NEW: Partial<PlanFields> = { ...emptyFields(zone), type: 'HEAT', components: 'BATTERY', note: 'why' };
const LOCAL: Partial<PlanFields> = {
  ...NEW,
  start: new Date(tomorrowMs).toISOString().slice(0, 10),
  recurs: true,
  clock: 'local',
  hours: '8',
  minutes: '0',
  ending: 'until',
  until: new Date(tomorrowMs + 400 * dayMs).toISOString().slice(0, 10),
};

describe('a form that is saved', () => {
  it('creates a dispatch, and is undone by its deletion', async () => {
    const { text, records, undo: entry } = await save({ kind: 'new' }, NEW);
    expect(text).toBe(`Dispatch ${records[0]?.id} is created.`);
    expect(await all()).toMatchObject([{ type: 'HEAT', selector: { categories: [{ category: 'BATTERY' }] } }]);
    expect((await undo(entry)).text).toContain('Undone: the creation of dispatch');
    expect(await all()).toEqual([]);
  });

  it('changes only what was edited, and is undone to what was there', async () => {
    const record = await created({ ...daily, payload: { kw: 5 } });
    const before = await contents();
    const { text, undo: entry } = await save(dispatch(record), { payload: '{"kw": 7}', ends: 'never' });
    expect(text).toBe(`Dispatch ${record.id} is changed.`);
    expect(await all()).toMatchObject([{ id: record.id, payload: { kw: 7 }, durationMs: null }]);
    await undo(entry);
    expect(await contents()).toEqual(before);
  });

  it('is not saved over what somebody else saved meanwhile', async () => {
    const record = await created();
    await client.update(record.id, { durationMs: 2 * hourMs });
    const result = await saveDraft(
      client,
      dispatch(record),
      { ...fieldsOf(dispatch(record), zone), duration: '3h' },
      Date.now(),
    );
    expect(result).toMatchObject({ kind: 'overtaken', present: { record: { durationMs: 2 * hourMs } } });
    await client.delete(record.id);
    expect(await saveDraft(client, dispatch(record), fieldsOf(dispatch(record), zone), Date.now())).toEqual({
      kind: 'overtaken',
      present: null,
    });
  });

  it('is not saved when it has become invalid', async () => {
    const fields = { ...emptyFields(zone), ...NEW, start: '2026-01-01 00:00' };
    expect(await saveDraft(client, { kind: 'new' }, fields, Date.now())).toMatchObject({
      kind: 'invalid',
      problems: { start: [expect.stringContaining('in the past')] },
    });
  });

  it('creates a group for a rule in local time, changes it as a whole, and undoes both', async () => {
    const made = await save({ kind: 'new' }, LOCAL);
    expect(made.records.length).toBeGreaterThan(1);
    expect(await all()).toHaveLength(made.records.length);
    const before = await contents();
    const subject = subjectOf(made.records[0] as DispatchRecord, made.records, Date.now());
    const changed = await save(subject, { hours: '9', payload: '{"kw":1}' });
    expect((await all()).every(({ recurrence, payload }) => recurrence?.byHours?.[0] !== 6 && payload.kw === 1)).toBe(
      true,
    );
    const restored = await undo(changed.undo);
    expect(await contents()).toEqual(before);
    const [creation] = withoutEntry(
      [made.undo, changed.undo] as UndoEntry[],
      changed.undo as UndoEntry,
      restored.records,
    );
    await undo(creation as UndoEntry);
    expect(await all()).toEqual([]);
  });

  it('makes a group of a dispatch, and a dispatch of it again', async () => {
    const record = await created(daily);
    const before = await contents();
    const { undo: entry, records } = await save(dispatch(record), { ...LOCAL, type: 'CHARGE', components: '1' });
    expect(records[0]?.id).toBe(record.id);
    expect(records.every(({ payload }) => groupOf(payload) !== null)).toBe(true);
    await undo(entry);
    expect(await contents()).toEqual(before);
    expect(await all()).toMatchObject([{ id: record.id, payload: {} }]);
  });

  it('makes a group of a dispatch that runs once, and a dispatch of it again', async () => {
    const record = await created();
    const before = await contents();
    const { undo: entry } = await save(dispatch(record), { ...LOCAL, type: 'CHARGE', components: '1' });
    expect((await all()).length).toBeGreaterThan(1);
    await undo(entry);
    expect(await contents()).toEqual(before);
  });
});

describe('what is done to a dispatch', () => {
  it('pauses and resumes it', async () => {
    const record = await created(daily);
    const paused = await act({ kind: 'pause', subject: dispatch(record) });
    expect(paused.text).toBe(`Dispatch ${record.id} is paused.`);
    expect(await all()).toMatchObject([{ active: false }]);
    await undo(paused.undo);
    expect(await all()).toMatchObject([{ active: true }]);
    await act({ kind: 'pause', subject: dispatch(record) });
    const resumed = await act({ kind: 'resume', subject: dispatch(record) });
    expect(await all()).toMatchObject([{ active: true }]);
    await undo(resumed.undo);
    expect(await all()).toMatchObject([{ active: false }]);
  });

  it('runs a copy of it now', async () => {
    const record = await created({ ...daily, payload: { kw: 3 } });
    const { records, undo: entry } = await act({ kind: 'runNow', id: record.id });
    expect(records).toMatchObject([{ recurrence: null, payload: { kw: 3, _copyOf: record.id }, durationMs: hourMs }]);
    await undo(entry);
    expect((await all()).map(({ id }) => id)).toEqual([record.id]);
  });

  it('skips its next run, or one that is named', async () => {
    const record = await created(daily);
    const before = await contents();
    const { text, undo: entry } = await act({ kind: 'skip', subject: dispatch(record), startMs: tomorrowMs + dayMs });
    expect(text).toContain('is skipped.');
    expect(await all()).toHaveLength(2);
    await undo(entry);
    expect(await contents()).toEqual(before);
    const next = await act({ kind: 'skip', subject: dispatch((await all())[0] as DispatchRecord), startMs: null });
    expect(await all()).toMatchObject([{ id: record.id, startTimeMs: tomorrowMs + dayMs }]);
    await undo(next.undo);
    expect(await contents()).toEqual(before);
  });

  it('takes a group that has become a dispatch since it was read for that', async () => {
    const record = await created(daily);
    const skipped = await act({ kind: 'skip', subject: dispatch(record), startMs: null });
    const group = subjectOf((await all())[0] as DispatchRecord, await all(), Date.now());
    expect(group.kind).toBe('group');
    await undo(skipped.undo);
    expect((await act({ kind: 'pause', subject: group })).text).toBe(`Dispatch ${record.id} is paused.`);
  });

  it('does not skip the run of one that runs once', async () => {
    const action: PlanAction = { kind: 'skip', subject: dispatch(await created()), startMs: null };
    await expect(act(action)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('deletes it; undone it is created anew, under another id, and earlier entries know it', async () => {
    const record = await created({ ...daily, payload: { kw: 5 } });
    const changed = await save(dispatch(record), { duration: '2h' });
    const before = await contents();
    const deleted = await act({ kind: 'delete', subject: dispatch(record) });
    expect(await all()).toEqual([]);
    const restored = await undo(deleted.undo);
    const [anew] = restored.records;
    expect(anew?.id).toBeGreaterThan(record.id);
    expect(restored.text).toBe(
      `Undone: the deletion of dispatch ${record.id}. A deleted id does not come back: dispatch ${record.id} is there again as dispatch ${anew?.id}.`,
    );
    expect(await contents()).toEqual(before);
    const [first] = withoutEntry(
      [changed.undo, deleted.undo] as UndoEntry[],
      deleted.undo as UndoEntry,
      restored.records,
    );
    await undo(first as UndoEntry);
    expect(await all()).toMatchObject([{ id: anew?.id, durationMs: hourMs }]);
  });

  it('is undone one after the other, back to the beginning', async () => {
    const record = await created({ ...daily, payload: { kw: 5 } });
    const before = await contents();
    let stack: UndoEntry[] = [];
    const push = (done: Done) => stack.push(done.undo as UndoEntry);
    push(await save(dispatch(record), { duration: '2h' }));
    push(await act({ kind: 'pause', subject: dispatch(record) }));
    push(await act({ kind: 'skip', subject: dispatch(record), startMs: tomorrowMs + dayMs }));
    push(
      await act({ kind: 'resume', subject: subjectOf((await all())[0] as DispatchRecord, await all(), Date.now()) }),
    );
    push(
      await act({ kind: 'delete', subject: subjectOf((await all())[0] as DispatchRecord, await all(), Date.now()) }),
    );
    expect(await all()).toEqual([]);
    for (let entry = stack.at(-1); entry !== undefined; entry = stack.at(-1)) {
      stack = withoutEntry(stack, entry, (await undo(entry)).records);
    }
    expect(await contents()).toEqual(before);
  });

  it('is not undone when somebody else has changed or deleted it since', async () => {
    const record = await created();
    const { undo: entry } = await act({ kind: 'pause', subject: dispatch(record) });
    await client.update(record.id, { payload: { other: 1 } });
    await expect(undo(entry)).rejects.toMatchObject({
      code: 'ABORTED',
      message: `The pause of dispatch ${record.id} cannot be undone: dispatch ${record.id} was changed since then.`,
    });
    await client.delete(record.id);
    await expect(undo(entry)).rejects.toThrow('was deleted since then');
    await expect(act({ kind: 'pause', subject: dispatch(record) })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('brings back what is left of a run that is on', async () => {
    const once = await created({ startTime: 'NOW', payload: { kw: 5 } });
    const changed = await save(dispatch(once), { payload: '{"kw": 6}' });
    const deleted = await act({ kind: 'delete', subject: dispatch(changed.records[0] as DispatchRecord) });
    const nowMs = Date.now() + 60_000;
    const restored = await takeBack(client, deleted.undo as UndoEntry, { nowMs });
    expect(restored.text).toMatch(/It starts now with what is left of its run: 5\dm/);
    const [anew] = await all();
    expect(anew).toMatchObject({ payload: { kw: 6 }, recurrence: null, active: true });
    expect(Math.abs((anew?.durationMs ?? 0) - (once.startTimeMs + hourMs - nowMs))).toBeLessThanOrEqual(1_000);
    const [first] = withoutEntry(
      [changed.undo, deleted.undo] as UndoEntry[],
      deleted.undo as UndoEntry,
      restored.records,
    );
    await undo(first as UndoEntry);
    expect(await all()).toMatchObject([{ id: anew?.id, payload: { kw: 5 } }]);
  });

  it('brings back a run without end as one', async () => {
    const endless = await created({ startTime: 'NOW', durationMs: null });
    const { undo: entry } = await act({ kind: 'delete', subject: dispatch(endless) });
    const { text } = await takeBack(client, entry as UndoEntry, { nowMs: Date.now() + 60_000 });
    expect(text).toContain('what is left of its run: without end.');
    expect(await all()).toMatchObject([{ durationMs: null, recurrence: null }]);
  });

  it('brings back the last run of a rule that is on', async () => {
    const rule = { frequency: 'HOURLY', interval: 1, count: 1 } as const;
    const { undo: entry } = await act({
      kind: 'delete',
      subject: dispatch(await created({ startTime: 'NOW', recurrence: rule, durationMs: hourMs })),
    });
    await takeBack(client, entry as UndoEntry, { nowMs: Date.now() + 60_000 });
    expect(await all()).toMatchObject([{ recurrence: null }]);
  });

  it('says that the run of a rule that is on does not come back', async () => {
    const record = await created({ ...daily, startTime: 'NOW' });
    const { undo: entry } = await act({ kind: 'delete', subject: dispatch(record) });
    const { text } = await takeBack(client, entry as UndoEntry, { nowMs: Date.now() + 60_000 });
    expect(text).toContain('Its run that was on does not come back: its next runs do.');
  });

  it('says the same of a group', async () => {
    const record = await created({ ...daily, startTime: 'NOW' });
    await act({ kind: 'skip', subject: dispatch(record), startMs: null });
    const group = subjectOf((await all())[0] as DispatchRecord, await all(), Date.now());
    expect(group.kind).toBe('group');
    const { undo: entry } = await act({ kind: 'delete', subject: group });
    expect((await undo(entry)).text).toContain('Its run that was on does not come back: its next runs do.');
    expect((await all()).length).toBeGreaterThan(0);
  });

  it('brings back the runs to come of a dispatch whose start is past, and says when there are none', async () => {
    const once = await created({ startTime: 'NOW' });
    const { undo: entry } = await act({ kind: 'delete', subject: dispatch(once) });
    await expect(takeBack(client, entry as UndoEntry, { nowMs: Date.now() + 2 * hourMs })).rejects.toThrow(
      'its runs are over',
    );
    const rule = { frequency: 'HOURLY', interval: 1, count: 5 } as const;
    const recurring = await created({ startTime: 'NOW', recurrence: rule, durationMs: 60_000 });
    const deleted = await act({ kind: 'delete', subject: dispatch(recurring) });
    await takeBack(client, deleted.undo as UndoEntry, { nowMs: Date.now() + 60_000 });
    expect(await all()).toMatchObject([
      { startTimeMs: recurring.startTimeMs + hourMs, recurrence: { ...rule, count: 4 } },
    ]);
  });
});
