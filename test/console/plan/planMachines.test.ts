import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActor, waitFor } from 'xstate';

import type { DispatchRegistry } from '../../../machines/pool/dispatchRegistry.js';
import type { Clock } from '../../../machines/protocol/clock.js';
import type { MicrogridClient } from '../../../src/client/microgridClient.js';
import type { NewDispatch } from '../../../src/client/requests.js';
import type { ExistingSubject, PlanSubject } from '../../../src/console/plan/fields/planSubject.js';
import { planFormOf, plannerOf } from '../../../src/console/plan/planEnvironment.js';
import type { PlanFormInput } from '../../../src/console/plan/planFormContext.js';
import { formInput } from '../../../src/console/plan/planRequest.js';
import { systemClock } from '../../../src/dispatcher/systemClock.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { startTestService, type TestService } from '../../../src/testing/startTestService.js';
import { dayMs, hourMs } from '../../support/dispatchRecord.js';

let service: TestService;
let client: MicrogridClient;
let microgridId = 0;
/** What the service answers instead; null: what it does. */
let failure: DispatchError | null = null;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());
beforeEach(() => {
  microgridId += 1;
  client = service.client.forMicrogrid(microgridId);
  failure = null;
});

const tomorrowMs = Math.ceil(Date.now() / dayMs) * dayMs + dayMs;
let present: DispatchRecord[] = [];

const environment = {
  clock: systemClock as Clock,
  client: () =>
    new Proxy(client, {
      get(target, name) {
        if (failure !== null && ['update', 'create', 'delete', 'get'].includes(String(name)))
          return () => Promise.reject(failure);
        const member = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    }),
};

async function created(fields: Partial<NewDispatch> = {}): Promise<DispatchRecord> {
  const dispatch = { type: 'CHARGE', startTime: new Date(tomorrowMs), durationMs: hourMs, selector: { ids: [1] } };
  return (await client.create({ ...dispatch, ...fields })).record;
}

function form(subject: PlanSubject, fields: PlanFormInput['fields'] = {}) {
  const previews: (readonly DispatchRecord[])[] = [];
  const registry = new Map(present.map(record => [record.id, record]));
  const input: PlanFormInput = {
    microgridId,
    present: {
      ids: () => registry.keys(),
      get: id => {
        const dispatch = registry.get(id);
        return dispatch && { dispatch, state: 'idle', run: null, notifiedMs: null };
      },
    },
    subject,
    zone: 'UTC',
    nowMs: Date.now(),
    fields,
  };
  const actor = createActor(planFormOf(environment), { input });
  actor.on('plan.previewed', ({ records }) => previews.push(records));
  actor.start();
  const inState = (state: string) => waitFor(actor, snapshot => snapshot.matches(state as never));
  return { actor, previews, inState, context: () => actor.getSnapshot().context };
}

const NEW: PlanFormInput['fields'] = { type: 'CHARGE', components: '1', start: 'in 1h', note: 'planned' };

describe('the machine of a form', () => {
  it('goes from editing over checking and previewing to saved, and tells what would be on the timeline', async () => {
    present = [{ ...(await created()), startTimeMs: Date.now() + 1.5 * hourMs }];
    const { actor, previews, inState, context } = form({ kind: 'new' }, { ...NEW, type: '' });
    actor.send({ type: 'preview.wanted' });
    expect(actor.getSnapshot().value).toBe('editing');
    expect(context()).toMatchObject({ touched: 'all', draft: { problems: { type: [expect.any(String)] } } });
    expect(previews.at(-1)).toEqual([]);
    actor.send({ type: 'field.changed', field: 'type', value: 'HEAT' });
    expect(previews.at(-1)).toMatchObject([{ id: 0, type: 'HEAT' }]);
    actor.send({ type: 'preview.wanted' });
    await inState('previewing');
    expect(context().overlaps).toMatchObject([{ otherId: present[0]?.id }]);
    actor.send({ type: 'save.wanted' });
    await inState('saved');
    expect(actor.getSnapshot().output).toMatchObject({
      text: expect.stringContaining('is created'),
      undo: { before: { kind: 'new' } },
    });
    // Another program sees it.
    expect((await client.get(actor.getSnapshot().output?.records[0]?.id ?? 0)).type).toBe('HEAT');
  });

  it('saves the start that was previewed, however long the preview is looked at', async () => {
    const { actor, inState, context } = form({ kind: 'new' }, NEW);
    const startMs = Math.ceil((context().nowMs + hourMs) / 1_000) * 1_000;
    actor.send({ type: 'preview.wanted' });
    await inState('previewing');
    expect(context()).toMatchObject({ startSpan: 'in 1h', draft: { records: [{ startTimeMs: startMs }] } });
    actor.send({ type: 'clock.ticked', atMs: context().nowMs + hourMs / 2 });
    actor.send({ type: 'save.wanted' });
    await inState('saved');
    expect(actor.getSnapshot().output?.records).toMatchObject([{ startTimeMs: startMs }]);
  });

  it('goes back to editing from everywhere', async () => {
    const { actor, inState } = form({ kind: 'new' }, NEW);
    actor.send({ type: 'preview.wanted' });
    actor.send({ type: 'field.changed', field: 'duration', value: '2h' });
    expect(actor.getSnapshot().value).toBe('editing');
    actor.send({ type: 'preview.wanted' });
    await inState('previewing');
    actor.send({ type: 'edit.wanted' });
    expect(actor.getSnapshot().value).toBe('editing');
    actor.send({ type: 'form.closed' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', output: null });
  });

  it('is not previewed when it changes nothing', async () => {
    const { actor } = form({ kind: 'dispatch', record: await created() });
    actor.send({ type: 'preview.wanted' });
    expect(actor.getSnapshot().value).toBe('editing');
  });

  it('takes what somebody else changed, where this form did not', async () => {
    const record = await created();
    const { actor, inState, context } = form({ kind: 'dispatch', record });
    actor.send({ type: 'field.changed', field: 'duration', value: '2h' });
    const theirs = (await client.update(record.id, { payload: { kw: 1 } })).record;
    actor.send({ type: 'preview.wanted' });
    await inState('editing');
    expect(context()).toMatchObject({ taken: ['payload'], conflicts: [], subject: { record: theirs } });
    actor.send({ type: 'preview.wanted' });
    await inState('previewing');
    actor.send({ type: 'save.wanted' });
    await inState('saved');
    expect((await client.get(record.id)).record).toMatchObject({ payload: { kw: 1 }, durationMs: 2 * hourMs });
  });

  it.each(['mine', 'theirs'] as const)(
    'tells a conflict with both values, and saves what is chosen: %s',
    async choice => {
      const record = await created();
      const { actor, inState, context } = form({ kind: 'dispatch', record });
      actor.send({ type: 'field.changed', field: 'duration', value: '2h' });
      actor.send({ type: 'field.changed', field: 'active', value: false });
      actor.send({ type: 'preview.wanted' });
      await inState('previewing');
      await client.update(record.id, { durationMs: 3 * hourMs });
      actor.send({ type: 'save.wanted' });
      await inState('conflict');
      expect(context().conflicts).toEqual([{ field: 'duration', base: '1h', mine: '2h', theirs: '3h' }]);
      actor.send({ type: 'save.wanted' });
      expect(actor.getSnapshot().value).toBe('conflict');
      actor.send({ type: 'conflict.resolved', field: 'duration', choice });
      expect(actor.getSnapshot().value).toBe('editing');
      actor.send({ type: 'preview.wanted' });
      await inState('previewing');
      actor.send({ type: 'save.wanted' });
      await inState('saved');
      const hours = choice === 'mine' ? 2 : 3;
      expect((await client.get(record.id)).record).toMatchObject({ durationMs: hours * hourMs, active: false });
    },
  );

  it('hears of changes and deletions while it is open', async () => {
    const record = await created();
    const { actor, context } = form({ kind: 'dispatch', record });
    actor.send({ type: 'field.changed', field: 'duration', value: '2h' });
    actor.send({ type: 'subject.changed', subject: { kind: 'dispatch', record } });
    expect(actor.getSnapshot().value).toBe('editing');
    const theirs = { ...record, durationMs: 3 * hourMs, updateTime: '2099-01-01T00:00:00.000000000Z' };
    actor.send({ type: 'subject.changed', subject: { kind: 'dispatch', record: theirs } });
    expect(actor.getSnapshot().value).toBe('conflict');
    actor.send({ type: 'subject.changed', subject: null });
    expect(actor.getSnapshot().value).toBe('deleted');
    actor.send({ type: 'recreate.wanted' });
    expect(actor.getSnapshot().value).toBe('editing');
    expect(context()).toMatchObject({ subject: { kind: 'new' }, conflicts: [], fields: { duration: '2h' } });
  });

  it('puts what the service refuses beside the fields, until they are changed', async () => {
    const { actor, inState, context } = form({ kind: 'new' }, NEW);
    actor.send({ type: 'preview.wanted' });
    await inState('previewing');
    failure = new DispatchError('INVALID_ARGUMENT', 'no', {
      violations: [{ field: 'dispatch_data.type', description: 'dispatch_data.type: must be one of A, B' }],
    });
    actor.send({ type: 'save.wanted' });
    await inState('editing');
    expect(context().refused).toEqual({ type: ['It must be one of A, B.'] });
    actor.send({ type: 'field.changed', field: 'type', value: 'A' });
    expect(context().refused).toEqual({});
  });

  it('fails when the service does not answer, and is saved when it does', async () => {
    const { actor, inState, context } = form({ kind: 'new' }, NEW);
    actor.send({ type: 'preview.wanted' });
    await inState('previewing');
    failure = new DispatchError('UNAVAILABLE', 'nobody is there');
    actor.send({ type: 'save.wanted' });
    await inState('failed');
    expect(context().failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    failure = null;
    actor.send({ type: 'save.wanted' });
    await inState('saved');
  });

  it('is told that its start has become past while it is shown', async () => {
    const { actor, inState } = form({ kind: 'new' }, { ...NEW, start: new Date(Date.now() + 60_000).toISOString() });
    actor.send({ type: 'preview.wanted' });
    await inState('previewing');
    actor.send({ type: 'clock.ticked', atMs: Date.now() + 120_000 });
    expect(actor.getSnapshot().value).toBe('editing');
    expect(actor.getSnapshot().context.draft.problems.start).toEqual([expect.stringContaining('in the past')]);
  });

  it('writes times anew in another zone, but for those of a rule in local time', () => {
    const { actor, context } = form({ kind: 'new' }, { ...NEW, start: '2099-07-01 12:00' });
    actor.send({ type: 'field.changed', field: 'zone', value: 'Europe/Ber' });
    expect(context().draft.problems.zone).toEqual([expect.stringContaining('time zone')]);
    actor.send({ type: 'field.changed', field: 'zone', value: 'Europe/Berlin' });
    expect(context().fields.start).toBe('2099-07-01 14:00');
    actor.send({ type: 'field.changed', field: 'recurs', value: true });
    actor.send({ type: 'field.changed', field: 'clock', value: 'local' });
    actor.send({ type: 'field.changed', field: 'zone', value: 'America/New_York' });
    expect(context().fields.start).toBe('2099-07-01 14:00');
  });

  it('has a snapshot that is JSON', async () => {
    const { actor } = form({ kind: 'dispatch', record: await created() });
    const { present: _, ...context } = actor.getSnapshot().context;
    expect(JSON.parse(JSON.stringify(context))).toEqual(context);
  });
});

describe('the planner', () => {
  it('does one thing after the other, and takes them back', async () => {
    const record = await created();
    const actor = createActor(plannerOf(environment)).start();
    const idle = () => waitFor(actor, snapshot => snapshot.matches('idle'));
    actor.send({
      type: 'action.wanted',
      microgridId,
      action: { kind: 'pause', subject: { kind: 'dispatch', record } },
    });
    expect(actor.getSnapshot().context.working).toBe(`Pausing dispatch ${record.id} …`);
    actor.send({ type: 'undo.wanted', microgridId });
    await idle();
    expect(actor.getSnapshot().context).toMatchObject({
      news: { kind: 'done', microgridId, text: `Dispatch ${record.id} is paused.` },
      undoStack: [{ text: `pause of dispatch ${record.id}` }],
    });
    actor.send({ type: 'undo.wanted', microgridId });
    await idle();
    expect(actor.getSnapshot().context).toMatchObject({
      news: { text: `Undone: the pause of dispatch ${record.id}.` },
      undoStack: [],
    });
    expect((await client.get(record.id)).active).toBe(true);
  });

  it('tells failures, and drops what can never be undone', async () => {
    const record = await created();
    const actor = createActor(plannerOf(environment)).start();
    const idle = () => waitFor(actor, snapshot => snapshot.matches('idle'));
    const pause = { kind: 'pause', subject: { kind: 'dispatch', record } } as const;
    failure = new DispatchError('UNAVAILABLE', 'Nobody is there');
    actor.send({ type: 'action.wanted', microgridId, action: pause });
    await idle();
    expect(actor.getSnapshot().context.news).toMatchObject({
      kind: 'failed',
      text: `Pausing dispatch ${record.id} failed: Nobody is there. It may have been done all the same: look before you do it again.`,
      error: { code: 'UNAVAILABLE' },
    });
    failure = null;
    actor.send({ type: 'action.wanted', microgridId, action: pause });
    await idle();
    await client.update(record.id, { payload: { a: 1 } });
    actor.send({ type: 'undo.wanted', microgridId });
    await idle();
    expect(actor.getSnapshot().context).toMatchObject({
      undoStack: [],
      news: { kind: 'failed', error: { code: 'ABORTED' } },
    });
    expect((await client.get(record.id)).active).toBe(false);
  });

  it('offers what is over by then as a copy, and forgets what was done to it before', async () => {
    const record = await created({ startTime: 'NOW', durationMs: 1_000 });
    const actor = createActor(
      plannerOf({ ...environment, clock: { ...systemClock, nowMs: () => Date.now() + hourMs } }),
    ).start();
    const idle = () => waitFor(actor, snapshot => snapshot.matches('idle'));
    const subject = { kind: 'dispatch', record } as const;
    for (const kind of ['pause', 'delete'] as const) {
      actor.send({ type: 'action.wanted', microgridId, action: { kind, subject } });
      await idle();
    }
    actor.send({ type: 'undo.wanted', microgridId });
    await idle();
    const { undoStack, news } = actor.getSnapshot().context;
    expect(undoStack).toEqual([]);
    expect(news).toMatchObject({ kind: 'failed', lost: { kind: 'dispatch', record: { id: record.id } } });
    const lost = (news?.kind === 'failed' ? news.lost : null) as ExistingSubject;
    const present = { get: () => undefined, ids: () => [] } as unknown as DispatchRegistry;
    const place = { microgridId, zone: 'UTC', nowMs: Date.now(), present };
    expect(formInput({ kind: 'copyOf', subject: lost }, place)).toMatchObject({
      subject: { kind: 'new' },
      fields: { type: record.type, start: 'now', active: false },
    });
  });
});
