import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { ServerError, Status } from 'nice-grpc';
import { BadRequest, RequestInfo, RichServerError } from 'nice-grpc-error-details';
import { afterEach, describe, expect, it } from 'vitest';
import { Event } from '../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import {
  Dispatch as DispatchMessage,
  ListMicrogridDispatchesResponse,
  type MicrogridDispatchServiceImplementation,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { type DispatchChanges, encodeUpdate, type ListOptions, type NewDispatch } from '../../src/client/requests.js';
import type { CallsOptions } from '../../src/client/serviceReader.js';
import type { DispatchEvent } from '../../src/dispatch.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { collect } from '../support/collect.js';
import { dispatchRecord, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { failure } from '../support/failure.js';
import { newDispatch } from '../support/newDispatch.js';
import { scriptedService } from '../support/scriptedService.js';
import { ways } from '../support/ways.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const daily = { frequency: 'DAILY', interval: 1 } as const;

/** A status whose BadRequest says that it is longer than it is. */
function cutBadRequest(): number[] {
  const url = [...Buffer.from('type.googleapis.com/google.rpc.BadRequest')];
  const any = [10, url.length, ...url, 18, 3, 10, 50, 1];
  return [26, any.length, ...any];
}

describe.each(ways)('over $name', way => {
  /** A client of a real service. */
  async function connect(options: CallsOptions = {}, credentials: { authKey?: string; signSecret?: string } = {}) {
    const service = await way.serve(credentials);
    cleanUps.push(() => service[Symbol.asyncDispose]());
    return { service, client: clientOf(service.place, { ...credentials, ...options } as CallsOptions) };
  }

  function clientOf(place: string, options: CallsOptions = {}) {
    const client = way.client(place, options);
    cleanUps.push(() => client.close());
    return client;
  }

  /** The place of a service that answers as a test says. */
  async function script(script: Partial<MicrogridDispatchServiceImplementation>) {
    const service = await scriptedService(script);
    cleanUps.push(() => service[Symbol.asyncDispose]());
    const { place, [Symbol.asyncDispose]: leave } = await way.leadTo(service.address);
    cleanUps.push(leave);
    return { service, place };
  }

  async function connectScripted(answers: Partial<MicrogridDispatchServiceImplementation>, options: CallsOptions = {}) {
    return clientOf((await script(answers)).place, options).forMicrogrid(1);
  }

  describe('the calls of a client', () => {
    it('create, get, update, list and delete', async () => {
      const { client } = await connect();
      const microgrid = client.forMicrogrid(1);
      const recurrence = { frequency: 'WEEKLY', interval: 2, byWeekdays: ['MONDAY', 'FRIDAY'], count: 5 } as const;
      const selector = { categories: [{ category: 'BATTERY', battery: 'LI_ION' }, { category: 'METER' }] } as const;
      const start = new Date(Math.ceil(Date.now() / 1000) * 1000 + hourMs);
      const created = await microgrid.create(
        newDispatch({ startTime: start, recurrence, selector, payload: { a: [1, null] }, dryRun: true, active: false }),
      );
      expect(created.record).toMatchObject({
        type: 'CHARGE',
        microgridId: 1,
        durationMs: minuteMs,
        recurrence,
        selector,
        payload: { a: [1, null] },
        dryRun: true,
        active: false,
      });
      expect(created.startTime).toEqual(start);
      expect((await microgrid.get(created.id)).record).toEqual(created.record);
      const changed = await microgrid.update(created.id, {
        durationMs: null,
        recurrence: null,
        active: true,
        payload: {},
        selector: { ids: [7] },
        startTime: new Date(start.getTime() + hourMs),
      });
      expect(changed.record).toMatchObject({
        durationMs: null,
        recurrence: null,
        active: true,
        payload: {},
        selector: { ids: [7] },
        startTimeMs: start.getTime() + hourMs,
      });
      expect(changed.record.updateTime > created.record.updateTime).toBe(true);
      expect((await collect(microgrid.list())).map(({ id }) => id)).toEqual([created.id]);
      await microgrid.delete(created.id);
      expect(await collect(microgrid.list())).toEqual([]);
    });

    it('ask for a rule part by part, which every service understands', () => {
      const parts = [
        'freq',
        'interval',
        'end_criteria',
        'byminutes',
        'byhours',
        'byweekdays',
        'bymonthdays',
        'bymonths',
      ];
      const updateMask = parts.map(part => `recurrence.${part}`);
      expect(encodeUpdate(1, 1, { recurrence: { frequency: 'DAILY', interval: 1 } })).toMatchObject({ updateMask });
      const twoEnds = { frequency: 'DAILY', interval: 1, count: 2, untilMs: 0 } as const;
      expect(() => encodeUpdate(1, 1, { recurrence: twoEnds })).toThrow('recurrence.untilMs must not be given');
      expect(encodeUpdate(1, 1, { recurrence: null })).toMatchObject({ updateMask, update: { recurrence: undefined } });
    });

    it('are the same with the microgrid in each call', async () => {
      const { client } = await connect();
      const { id } = await client.create({ microgridId: 3, ...newDispatch() });
      expect((await client.get({ microgridId: 3, id })).microgridId).toBe(3);
      expect((await client.update({ microgridId: 3, id, changes: { active: false } })).active).toBe(false);
      expect(await collect(client.list({ microgridId: 3, active: false }))).toHaveLength(1);
      expect(await collect(client.list({ microgridId: 4 }))).toEqual([]);
      await client.delete({ microgridId: 3, id });
      expect(await failure(client.get({ microgridId: 3, id }))).toMatchObject({ code: 'NOT_FOUND' });
    });

    it('start at once by the clock of the service', async () => {
      const { client } = await connect();
      const { startTime } = await client.create({ microgridId: 1, ...newDispatch({ startTime: 'NOW' }) });
      expect(Math.abs(startTime.getTime() - Date.now())).toBeLessThan(5000);
    });

    it('list with every filter, in every order, over pages', async () => {
      const { client } = await connect();
      const microgrid = client.forMicrogrid(1);
      const startMs = Math.ceil(Date.now() / 1000) * 1000 + hourMs;
      const at = (minutes: number) => new Date(startMs + minutes * minuteMs);
      for (let i = 0; i < 7; i++) {
        await microgrid.create(
          newDispatch({
            type: `TYPE_${i}`,
            startTime: at(i),
            selector: i % 2 ? { ids: [i] } : { categories: [{ category: 'METER' }] },
            active: i < 5,
            dryRun: i > 2,
            recurrence: i === 6 ? { frequency: 'DAILY', interval: 1 } : null,
          }),
        );
      }
      const ids = async (options: ListOptions) => (await collect(microgrid.list(options))).map(({ id }) => id);
      expect(await ids({ pageSize: 2 })).toEqual([7, 6, 5, 4, 3, 2, 1]);
      expect(await ids({ sort: { field: 'startTime' }, pageSize: 3 })).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(await ids({ sort: { field: 'updateTime', order: 'descending' } })).toEqual([7, 6, 5, 4, 3, 2, 1]);
      expect(await ids({ selectors: [{ ids: [1, 3] }] })).toEqual([4, 2]);
      expect(await ids({ active: false })).toEqual([7, 6]);
      expect(await ids({ dryRun: false })).toEqual([3, 2, 1]);
      expect(await ids({ recurring: true })).toEqual([7]);
      expect(await ids({ startFrom: at(2), startTo: at(4) })).toEqual([4, 3]);
      expect(await ids({ endFrom: at(6) })).toEqual([7, 6]);
      expect(await ids({ endTo: at(2) })).toEqual([1]);
      expect(await ids({ updateFrom: new Date(Date.now() + hourMs) })).toEqual([]);
      expect(await ids({ ids: [2, 5, 99] })).toEqual([5, 2]);
      expect(await ids({ queries: ['TYPE_3', '#6'] })).toEqual([6, 4]);
    });

    it('watch the changes from now on', async () => {
      const { client } = await connect();
      const microgrid = client.forMicrogrid(1);
      const controller = new AbortController();
      const events: string[] = [];
      const watch = microgrid.watchRecords({ signal: controller.signal });
      await watch.opened;
      const watching = (async () => {
        for await (const event of watch)
          if (event.kind !== 'problem') events.push(`${event.dispatch.id} ${event.kind}`);
      })();
      const { id } = await microgrid.create(newDispatch());
      await microgrid.update(id, { active: false });
      await microgrid.delete(id);
      await expect.poll(() => events).toEqual(['1 created', '1 updated', '1 deleted']);
      controller.abort();
      expect((await failure(watching)).name).toBe('AbortError');
    });
  });

  describe('a call that fails', () => {
    it.each<[string, Partial<NewDispatch>, string]>([
      ['a duration that is no whole second', { durationMs: 1500 }, 'durationMs'],
      ['an infinite number in the payload', { payload: { kw: { max: Number.POSITIVE_INFINITY } } }, 'payload.kw.max'],
      ['a Date in the payload', { payload: { at: new Date() as never } }, 'payload.at'],
      [
        'a category that the contract does not have',
        { selector: { categories: [{ category: 'FLUX' as never }] } },
        'selector.categories[0].category',
      ],
      ['an id that is no integer', { selector: { ids: [1.5] } }, 'selector.ids[0]'],
      ['a start that is no date', { startTime: new Date('never') }, 'startTime'],
      ['an empty type', { type: '' }, 'type'],
      ['a start in the past', { startTime: new Date(0) }, 'start_time'],
      [
        'a rule with an hour that is none',
        { recurrence: { frequency: 'DAILY', interval: 1, byHours: [24] } },
        'byhours',
      ],
      [
        'a rule with two ends',
        { recurrence: { frequency: 'DAILY', interval: 1, count: 2, untilMs: Date.UTC(2100, 0) } },
        'recurrence.untilMs must not be given together with count',
      ],
    ])('names the field: %s', async (_, overrides, field) => {
      const { client } = await connect();
      const error = await failure(client.create({ microgridId: 1, ...newDispatch(overrides) }));
      expect(error).toMatchObject({
        name: 'DispatchError',
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(field),
      });
    });

    it('names all fields that the service finds wrong', async () => {
      const { client } = await connect();
      const wrong = newDispatch({ type: 'x'.repeat(300), startTime: new Date(0), selector: { ids: [] } });
      const error = await failure(client.create({ microgridId: 1, ...wrong }));
      const fields = error.violations.map(({ field }) => field);
      expect(fields.toSorted()).toEqual([
        'dispatch_data.start_time',
        'dispatch_data.target.component_ids.ids',
        'dispatch_data.type',
      ]);
      for (const { field, description } of error.violations) expect(description).toContain(field.split('.').at(-1));
      expect(error.field).toBe(fields[0]);
    });

    it('is the same error when a list or a watch is asked for what there is not', async () => {
      const { client } = await connect();
      const sort = { field: 'nextRun' as never };
      for (const [items, field] of [
        [client.list({ microgridId: 1, sort }), 'sort.field'],
        [client.list({ microgridId: -1 }), 'microgridId'],
        [client.watch({ microgridId: -1 }), 'microgridId'],
      ] as const) {
        expect(await failure(collect<unknown>(items))).toMatchObject({
          name: 'DispatchError',
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining(field),
        });
      }
    });

    it.each([
      ['create', { ...newDispatch(), dryrun: true }, 'dryrun is no field; there are type, startTime, durationMs, '],
      ['create', { ...newDispatch(), recurrence: { ...daily, byhours: [8] } }, 'recurrence.byhours is no field; there'],
      [
        'update',
        { recurrence: { ...daily, until: new Date() } },
        'recurrence.until is no field; there are frequency, ',
      ],
      ['list', { typ: 'CHARGE' }, 'typ is no field; there are selectors, active, '],
    ] as const)('refuses to %s with a field that is misspelled: %j', async (method, fields, message) => {
      const { client } = await connect();
      const microgrid = client.forMicrogrid(1);
      const call = {
        create: () => microgrid.create(fields as NewDispatch),
        update: () => microgrid.update(1, fields as DispatchChanges),
        list: () => collect(microgrid.list(fields as ListOptions)),
      }[method];
      expect(await failure(call())).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(message),
      });
      expect(await collect(client.list({ microgridId: 1 }))).toEqual([]);
    });

    it('refuses to update what cannot be updated', async () => {
      const { client } = await connect();
      const error = await failure(client.update({ microgridId: 1, id: 1, changes: { type: 'X' } as DispatchChanges }));
      expect(error).toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('type cannot be updated'),
      });
    });

    it('names the dispatch that is not there', async () => {
      const { client } = await connect();
      const microgrid = client.forMicrogrid(1);
      for (const call of [microgrid.get(42), microgrid.delete(42), microgrid.update(42, { active: true })]) {
        const error = await failure(call);
        expect(error).toMatchObject({ code: 'NOT_FOUND', microgridId: 1, dispatchId: 42 });
        expect(error.message).toContain('42');
      }
    });

    it.each([
      ['no key', {}],
      ['a wrong key', { authKey: 'wrong', signSecret: 'secret' }],
      ['no signature', { authKey: 'key' }],
      ['a wrong secret', { authKey: 'key', signSecret: 'wrong' }],
    ])('is UNAUTHENTICATED with %s', async (_, credentials) => {
      const { service } = await connect({}, { authKey: 'key', signSecret: 'secret' });
      const error = await failure(
        collect(clientOf(service.place, credentials as CallsOptions).list({ microgridId: 1 })),
      );
      expect(error.code).toBe('UNAUTHENTICATED');
      expect(error.message).not.toMatch(/secret|wrong'/);
    });

    it('is UNAVAILABLE when nobody listens', async () => {
      const free = createTcpServer().listen(0, '127.0.0.1');
      await once(free, 'listening');
      const { port } = free.address() as { port: number };
      free.close();
      const error = await failure(clientOf(way.placeOf(port), { retry: false }).get({ microgridId: 1, id: 1 }));
      expect(error.code).toBe('UNAVAILABLE');
    });

    it('is DEADLINE_EXCEEDED when the service takes too long, for calls and streams', async () => {
      const never = () => new Promise<never>(() => {});
      const microgrid = await connectScripted(
        {
          getMicrogridDispatch: never,
          async *streamMicrogridDispatches() {
            yield await never();
          },
        },
        { callTimeoutMs: 50, streamTimeoutMs: 50 },
      );
      expect(await failure(microgrid.get(1))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      expect(await failure(collect(microgrid.watch()))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    });

    it('ends with the signal: with its reason, and without a call when it has aborted before', async () => {
      const never = () => new Promise<never>(() => {});
      const { service, place } = await script({
        createMicrogridDispatch: never,
        getMicrogridDispatch: never,
        updateMicrogridDispatch: never,
        deleteMicrogridDispatch: never,
        listMicrogridDispatches: never,
        async *streamMicrogridDispatches() {
          yield await never();
        },
      });
      const client = clientOf(place);
      const microgrid = client.forMicrogrid(1);
      const calls: ((options: { signal: AbortSignal }) => Promise<unknown>)[] = [
        options => microgrid.create(newDispatch(), options),
        options => microgrid.get(1, options),
        options => microgrid.update(1, { active: false }, options),
        options => microgrid.delete(1, options),
        options => microgrid.list(options).next(),
        options => microgrid.listPages(options).next(),
        options => microgrid.watch(options).next(),
        options => microgrid.watchRecords(options).opened,
        options => client.create({ microgridId: 1, ...newDispatch(), ...options }),
        options => client.get({ microgridId: 1, id: 1, ...options }),
        options => client.update({ microgridId: 1, id: 1, changes: { active: false }, ...options }),
        options => client.delete({ microgridId: 1, id: 1, ...options }),
        options => client.list({ microgridId: 1, ...options }).next(),
        options => client.watch({ microgridId: 1, ...options }).next(),
      ];
      for (const call of calls) expect((await failure(call({ signal: AbortSignal.abort() }))).name).toBe('AbortError');
      expect(service.seen).toEqual([]);
      for (const call of calls) {
        const controller = new AbortController();
        const before = service.seen.length;
        const failing = failure(call({ signal: controller.signal }));
        await expect.poll(() => service.seen.length).toBe(before + 1);
        controller.abort();
        expect((await failing).name).toBe('AbortError');
      }
      const reason = new Error('the operator has gone home');
      expect(await failure(microgrid.get(1, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    });
  });

  it('a signal may end any number of calls, without a warning', async () => {
    const never = () => new Promise<never>(() => {});
    const microgrid = await connectScripted({ getMicrogridDispatch: never });
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const controller = new AbortController();
    const calls = Array.from({ length: 50 }, () => failure(microgrid.get(1, { signal: controller.signal })));
    controller.abort();
    for (const { name } of await Promise.all(calls)) expect(name).toBe('AbortError');
    await new Promise(resolve => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  describe('a service that answers oddly', () => {
    const good = encodeDispatch(dispatchRecord({ id: 1 }));
    const bad = DispatchMessage.create({ ...encodeDispatch(dispatchRecord({ id: 2 })), data: undefined });

    it('is listed up to the first dispatch that cannot be read, or page by page beside it', async () => {
      const dispatches = [good, bad];
      const microgrid = await connectScripted({
        listMicrogridDispatches: async () => ListMicrogridDispatchesResponse.create({ dispatches }),
      });
      expect(await failure(collect(microgrid.list()))).toMatchObject({
        code: 'UNDECODABLE',
        dispatchId: 2,
        field: 'data',
      });
      const [page] = await collect(microgrid.listPages({}));
      expect(page?.dispatches.map(({ id }) => id)).toEqual([1]);
      expect(page?.problems).toMatchObject([{ code: 'UNDECODABLE', dispatchId: 2 }]);
    });

    it('is asked for the next page while one is worked off, which may fail without harm when it is not wanted', async () => {
      const asked: (string | undefined)[] = [];
      const microgrid = await connectScripted(
        {
          async listMicrogridDispatches({ paginationParams }) {
            const params = paginationParams?.params;
            const token = params?.$case === 'pageToken' ? params.value : undefined;
            asked.push(token);
            if (token === 'third') throw new ServerError(Status.UNAVAILABLE, 'the third page is lost');
            const nextPageToken = token === undefined ? 'second' : 'third';
            return ListMicrogridDispatchesResponse.create({ dispatches: [good], paginationInfo: { nextPageToken } });
          },
        },
        { retry: false },
      );
      const pages = microgrid.listPages({});
      await pages.next();
      await expect.poll(() => asked).toEqual([undefined, 'second']);
      await pages.next();
      await expect.poll(() => asked).toEqual([undefined, 'second', 'third']);
      await pages.return();
      expect(await failure(collect(microgrid.listPages({})))).toMatchObject({ code: 'UNAVAILABLE' });
    });

    it('is watched until it ends the stream, which is an error too', async () => {
      const microgrid = await connectScripted({
        async *streamMicrogridDispatches() {
          yield StreamMicrogridDispatchesResponse.create({ dispatch: good, event: Event.CREATED });
          yield StreamMicrogridDispatchesResponse.create({ dispatch: bad, event: Event.UPDATED });
          yield StreamMicrogridDispatchesResponse.create({ dispatch: good, event: 77 as Event });
          yield StreamMicrogridDispatchesResponse.create({ dispatch: bad, event: Event.DELETED });
        },
      });
      const seen: unknown[] = [];
      const watching = (async () => {
        for await (const change of microgrid.watchRecords()) {
          if (change.kind !== 'problem') seen.push(change.kind);
          else if (change.deletedId === undefined) seen.push(change.problem.field);
          else seen.push(`${change.problem.field} of a deletion of ${change.deletedId}`);
        }
      })();
      expect(await failure(watching)).toMatchObject({ code: 'UNAVAILABLE', message: 'the service ended the stream' });
      expect(seen).toEqual(['created', 'data', 'event', 'data of a deletion of 2']);
      const events: DispatchEvent[] = [];
      const strict = (async () => {
        for await (const event of microgrid.watch()) events.push(event);
      })();
      expect(await failure(strict)).toMatchObject({ code: 'UNDECODABLE', dispatchId: 2 });
      expect(events).toHaveLength(1);
    });
  });

  describe('the error of a call', () => {
    const violations = [
      { field: 'dispatch_data.type', description: 'dispatch_data.type must have 1 to 256 characters' },
      { field: 'dispatch_data.payload', description: 'dispatch_data.payload must have 5 levels at most' },
    ];

    it('holds all that is wrong with the request, for calls and streams', async () => {
      const refuse = async () => {
        const details = [
          RequestInfo.fromPartial({ requestId: '7' }),
          BadRequest.fromPartial({ fieldViolations: violations }),
        ];
        throw new RichServerError(Status.INVALID_ARGUMENT, '2 fields are wrong', details);
      };
      const microgrid = await connectScripted({
        createMicrogridDispatch: refuse,
        async *streamMicrogridDispatches() {
          yield await refuse();
        },
      });
      const error = await failure(microgrid.create(newDispatch()));
      expect(error).toMatchObject({
        code: 'INVALID_ARGUMENT',
        microgridId: 1,
        field: 'dispatch_data.type',
        violations,
      });
      expect(error.message).toBe('INVALID_ARGUMENT: 2 fields are wrong');
      expect(JSON.parse(JSON.stringify({ error }))).toEqual({
        error: {
          code: 'INVALID_ARGUMENT',
          message: 'INVALID_ARGUMENT: 2 fields are wrong',
          microgridId: 1,
          field: 'dispatch_data.type',
          violations,
          retryable: false,
        },
      });
      expect(await failure(microgrid.watch().next())).toMatchObject({ field: 'dispatch_data.type', violations });
    });

    it.each([
      ['nothing', new Uint8Array()],
      ['random bytes', Uint8Array.of(255, 1, 2, 3)],
      ['details that end early', Uint8Array.of(26, 100, 1)],
      ['a cut BadRequest', Uint8Array.from(cutBadRequest())],
    ])('is told also when its details hold %s', async (_, bytes) => {
      const microgrid = await connectScripted({
        getMicrogridDispatch: async (_, { trailer }) => {
          trailer.set('grpc-status-details-bin', bytes);
          throw new ServerError(Status.FAILED_PRECONDITION, 'not now');
        },
      });
      expect(await failure(microgrid.get(1))).toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: 'FAILED_PRECONDITION: not now',
        dispatchId: 1,
        violations: [],
      });
    });

    it('says whether the same call may succeed later', () => {
      const retryable = (['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'ABORTED'] as const).map(
        code => new DispatchError(code, '').retryable,
      );
      expect(retryable).toEqual([true, true, true, true]);
      for (const code of [
        'INVALID_ARGUMENT',
        'NOT_FOUND',
        'UNAUTHENTICATED',
        'INTERNAL',
        'UNKNOWN',
        'STOPPED',
      ] as const)
        expect(new DispatchError(code, '').retryable, code).toBe(false);
    });
  });
});
