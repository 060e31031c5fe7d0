import { once } from 'node:events';
import { constants, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallContext, ServerError, Status } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import {
  CreateMicrogridDispatchResponse,
  DeleteMicrogridDispatchResponse,
  GetMicrogridDispatchResponse,
  ListMicrogridDispatchesResponse,
  type MicrogridDispatchServiceImplementation,
  UpdateMicrogridDispatchResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchClient, type DispatchClientOptions } from '../../src/client/dispatchClient.js';
import type { NewDispatch } from '../../src/client/requests.js';
import { encodeDispatch } from '../../src/wire/dispatchCodec.js';
import { REQUEST_ID, REQUEST_IDS_KEPT_S } from '../../src/wire/requestId.js';
import { verifySignature } from '../../src/wire/signature.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { failure } from '../support/failure.js';
import { failing, type ScriptedService, scriptedService } from '../support/scriptedService.js';

const dispatch = encodeDispatch(dispatchRecord({ id: 1 }));
const creation: NewDispatch = { type: 'CHARGE', startTime: new Date(Date.now() + hourMs), selector: { ids: [5] } };

/** A service of which each call first does what a test says. */
function answering(before: (context: CallContext, request: object) => void): MicrogridDispatchServiceImplementation {
  const answer =
    <T>(response: T) =>
    async (request: object, context: CallContext) => {
      before(context, request);
      return response;
    };
  return {
    createMicrogridDispatch: answer(CreateMicrogridDispatchResponse.create({ dispatch })),
    updateMicrogridDispatch: answer(UpdateMicrogridDispatchResponse.create({ dispatch })),
    deleteMicrogridDispatch: answer(DeleteMicrogridDispatchResponse.create({})),
    getMicrogridDispatch: answer(GetMicrogridDispatchResponse.create({ dispatch })),
    listMicrogridDispatches: answer(ListMicrogridDispatchesResponse.create({ dispatches: [dispatch] })),
    async *streamMicrogridDispatches(request, context) {
      before(context, request);
      yield* [];
    },
  };
}

/** A client that waits for nothing, and notes how long it would have waited; by default as long as it may. */
function impatient(address: string, options: Partial<DispatchClientOptions> = {}, random = () => 0.999_999) {
  const waits: number[] = [];
  const wait = async (delayMs: number) => {
    waits.push(Math.round(delayMs));
  };
  const client = new DispatchClient({ address, ...options } as DispatchClientOptions, { wait, random });
  return { client, microgrid: client.forMicrogrid(1), waits, [Symbol.dispose]: () => client.close() };
}

async function listAll({ microgrid }: Pick<ReturnType<typeof impatient>, 'microgrid'>): Promise<number> {
  let count = 0;
  for await (const _ of microgrid.list()) count += 1;
  return count;
}

const { UNAVAILABLE, RESOURCE_EXHAUSTED, UNAUTHENTICATED } = Status;
const announce = ({ header }: CallContext) => void header.set(REQUEST_IDS_KEPT_S, '86400');

describe('a get or a page of a list that fails', () => {
  it('is asked for again after random waits under a limit that doubles', async () => {
    await using service = await scriptedService(answering(failing(...Array<Status>(8).fill(UNAVAILABLE))));
    using patient = impatient(service.address);
    await patient.microgrid.get(1).catch(() => {});
    expect(patient.waits).toEqual([250, 500, 1000, 2000]);
    expect(service.seen).toHaveLength(5);
    expect(await listAll(patient)).toBe(1);
    expect(patient.waits.slice(4)).toEqual([250, 500, 1000]);
    using lucky = impatient(service.address, {}, () => 0);
    await lucky.microgrid.get(1);
    expect(lucky.waits).toEqual([]);
  });

  it('is asked for as often as the client was told, and fails with what the last attempt failed with', async () => {
    await using service = await scriptedService(answering(failing(UNAVAILABLE, RESOURCE_EXHAUSTED, UNAVAILABLE)));
    using twice = impatient(service.address, { retry: { attempts: 2 } });
    expect(await failure(twice.microgrid.get(1))).toMatchObject({ code: 'RESOURCE_EXHAUSTED', dispatchId: 1 });
    expect(service.seen).toHaveLength(2);
    using once = impatient(service.address, { retry: false });
    expect(await failure(once.microgrid.get(1))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(service.seen).toHaveLength(3);
  });

  it('is asked for again only when the reason may pass', async () => {
    const again = new Set([UNAVAILABLE, RESOURCE_EXHAUSTED]);
    for (const [name, status] of Object.entries(Status)) {
      if (typeof status !== 'number' || status === Status.OK) continue;
      await using service = await scriptedService(answering(failing(status)));
      using patient = impatient(service.address);
      const result = await patient.microgrid.get(1).catch(({ code }) => code);
      if (again.has(status)) expect(result, name).toMatchObject({ id: 1 });
      else expect(result, name).toBe(name);
      expect(service.seen, name).toHaveLength(again.has(status) ? 2 : 1);
    }
  });

  it('is not asked for again when it is larger than a message may be', async () => {
    await using service = await scriptedService({
      getMicrogridDispatch: async () =>
        GetMicrogridDispatchResponse.create({
          dispatch: { ...dispatch, data: { ...dispatch.data, type: 'x'.repeat(17_000_000) } },
        }),
    });
    using patient = impatient(service.address);
    expect(await failure(patient.microgrid.get(1))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(service.seen).toHaveLength(1);
  });

  it('is not asked for again when the wait would end after the time of the call', async () => {
    await using service = await scriptedService(answering(failing(...Array<Status>(9).fill(UNAVAILABLE))));
    using patient = impatient(service.address, { callTimeoutMs: 900 });
    expect(await failure(patient.microgrid.get(1))).toMatchObject({ code: 'UNAVAILABLE' });
    expect(patient.waits).toEqual([250, 500]);
  });

  it('is answered by a service that was restarted meanwhile', async () => {
    const dispatches = { listMicrogridDispatches: async () => ListMicrogridDispatchesResponse.create({}) };
    const first = await scriptedService(dispatches);
    const { port, address } = first;
    await first[Symbol.asyncDispose]();
    let second: ScriptedService | undefined;
    const wait = async (delayMs: number) => {
      second ??= await scriptedService(dispatches, port);
      await delay(delayMs);
    };
    await using client = new DispatchClient({ address }, { wait, random: () => 0.999 });
    expect((await client.list({ microgridId: 1 }).next()).done).toBe(true);
    expect(second?.seen).toHaveLength(1);
    await second?.[Symbol.asyncDispose]();
  });

  it('is given up at once by its signal, or when the client is closed, also while it waits', async () => {
    await using service = await scriptedService(answering(failing(UNAVAILABLE, UNAVAILABLE)));
    const controller = new AbortController();
    let whileItWaits = () => controller.abort();
    // A wait that only its signal ends.
    const wait = (_: number, signal: AbortSignal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('the wait ended')));
        setImmediate(() => whileItWaits());
      });
    await using client = new DispatchClient({ address: service.address }, { wait });
    expect((await failure(client.get({ microgridId: 1, id: 1, signal: controller.signal }))).name).toBe('AbortError');
    whileItWaits = () => client.close();
    expect(await failure(client.get({ microgridId: 1, id: 1 }))).toMatchObject({ code: 'STOPPED' });
    expect(service.seen).toHaveLength(2);
  });
});

describe('a create, update or delete that fails', () => {
  const writes = {
    create: ({ microgrid }: ReturnType<typeof impatient>) => microgrid.create(creation),
    update: ({ microgrid }: ReturnType<typeof impatient>) => microgrid.update(1, { active: false }),
    delete: ({ microgrid }: ReturnType<typeof impatient>) => microgrid.delete(1),
  };

  describe.each(Object.entries(writes))('%s', (_, write) => {
    it('is not made again on a service that does not know request ids', async () => {
      for (const status of [UNAVAILABLE, RESOURCE_EXHAUSTED]) {
        await using service = await scriptedService(answering(failing(status)));
        using patient = impatient(service.address);
        expect(await failure(write(patient) as Promise<unknown>)).toMatchObject({ code: Status[status] });
        expect(service.seen).toHaveLength(1);
      }
    });

    it('is made again with the same id, and a fresh signature, on a service that said so before', async () => {
      const fail = failing(UNAVAILABLE, UNAVAILABLE);
      await using service = await scriptedService(
        answering((context, request) => {
          announce(context);
          if (service.seen.length > 1) fail();
          expect(request).toBeDefined();
        }),
      );
      using patient = impatient(service.address, { authKey: 'key', signSecret: 'secret' });
      await listAll(patient);
      await write(patient);
      await write(patient);
      const [ofList, first, second, third, ofNext] = service.sent(REQUEST_ID);
      expect(ofList).toBeUndefined();
      expect(first).toMatch(/^[\da-f-]{36}$/);
      expect([second, third]).toEqual([first, first]);
      expect(ofNext).not.toBe(first);
      expect(new Set(service.sent('nonce')).size).toBe(5);
      for (const { method, metadata } of service.seen) {
        const [key, ts, nonce, sig] = ['key', 'ts', 'nonce', 'sig'].map(name => metadata.get(name) as string);
        expect(verifySignature({ key, ts, nonce, methodPath: `/${method}` } as never, 'secret', sig as string)).toBe(
          true,
        );
      }
    });

    it('is made again on a service that says so in the header of the very call', async () => {
      const fail = failing(UNAVAILABLE);
      await using service = await scriptedService(
        answering(context => {
          announce(context);
          context.sendHeader();
          fail();
        }),
      );
      using patient = impatient(service.address);
      await write(patient);
      const [first, second] = service.sent(REQUEST_ID);
      expect(second).toBe(first);
    });
  });

  it('is not made again once the service has stopped saying that it knows request ids', async () => {
    let [announces, fails] = [true, false];
    await using service = await scriptedService(
      answering(context => {
        if (announces) announce(context);
        if (fails) throw new ServerError(UNAVAILABLE, 'as the test says');
      }),
    );
    using patient = impatient(service.address);
    await patient.microgrid.get(1);
    fails = true;
    announces = false;
    // A failure tells nothing about request ids: it may come from a proxy.
    await failure(patient.microgrid.create(creation));
    expect(service.seen).toHaveLength(1 + 5);
    fails = false;
    await patient.microgrid.get(1);
    fails = true;
    await failure(patient.microgrid.create(creation));
    expect(service.seen).toHaveLength(1 + 5 + 1 + 1);
  });

  it.each(['', '0', '-1', '1.5', 'a day'])(
    'is not made again when the service keeps request ids for "%s"',
    async kept => {
      const fail = failing(UNAVAILABLE);
      await using service = await scriptedService(
        answering(({ header }) => {
          header.set(REQUEST_IDS_KEPT_S, kept);
          if (service.seen.length > 1) fail();
        }),
      );
      using patient = impatient(service.address);
      await patient.microgrid.get(1);
      await failure(patient.microgrid.create(creation));
      expect(service.seen).toHaveLength(2);
    },
  );

  it.each([
    ['refuses the stream', constants.NGHTTP2_REFUSED_STREAM],
    ['resets the stream', constants.NGHTTP2_INTERNAL_ERROR],
  ])('reaches a service once that took it and then %s', async (_, code) => {
    let reached = 0;
    const server = createHttp2Server();
    server.on('stream', stream => {
      stream.on('error', () => {});
      stream.on('end', () => {
        reached += 1;
        stream.close(code);
      });
      stream.resume();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    using patient = impatient(`grpc://127.0.0.1:${(server.address() as AddressInfo).port}?ssl=false`);
    await failure(patient.microgrid.create(creation));
    expect(reached).toBe(1);
    patient.client.close();
    server.close();
  });
});

describe('a stream that fails', () => {
  it('is not opened again: only its reader knows what was missed', async () => {
    await using service = await scriptedService(answering(failing(UNAVAILABLE)));
    using patient = impatient(service.address);
    expect(await failure(patient.microgrid.watch().next())).toMatchObject({ code: 'UNAVAILABLE', microgridId: 1 });
    expect(service.seen).toHaveLength(1);
  });
});

describe('credentials that change', () => {
  /** A service that accepts one key, which a test may change. */
  async function guarded(key: string) {
    const accepted = { key };
    const service = await scriptedService(
      answering(({ metadata }) => {
        if (metadata.get('key') !== accepted.key) throw new ServerError(UNAUTHENTICATED, 'not this key');
      }),
    );
    return Object.assign(service, { accepted });
  }

  it('are asked for before each attempt, and anew when they are rejected', async () => {
    await using service = await guarded('old');
    const asked: boolean[] = [];
    const given = ['old', 'old', 'new', 'new'];
    const credentials = async ({ rejected }: { rejected: boolean }) => {
      asked.push(rejected);
      return { authKey: given.shift() };
    };
    using patient = impatient(service.address, { credentials });
    await patient.microgrid.get(1);
    service.accepted.key = 'new';
    // What was rejected was not done: a creation is safe to make again.
    await patient.microgrid.create(creation);
    await patient.microgrid.get(1);
    expect(asked).toEqual([false, false, true, false]);
    expect(service.sent('key')).toEqual(['old', 'old', 'new', 'new']);
    expect(patient.waits).toEqual([]);
  });

  it('are asked for anew once a call, and then the next time', async () => {
    await using service = await guarded('right');
    const asked: boolean[] = [];
    const credentials = ({ rejected }: { rejected: boolean }) => {
      asked.push(rejected);
      return { authKey: 'wrong' };
    };
    using patient = impatient(service.address, { credentials });
    const refused = { code: 'UNAUTHENTICATED', message: 'UNAUTHENTICATED: not this key' };
    expect(await failure(patient.microgrid.get(1))).toMatchObject(refused);
    expect(await failure(patient.microgrid.watch().next())).toMatchObject(refused);
    expect(asked).toEqual([false, true, true, true]);
    using fixed = impatient(service.address, { authKey: 'wrong' });
    expect(await failure(fixed.microgrid.get(1))).toMatchObject(refused);
    expect(service.seen).toHaveLength(5);
  });

  it('open a stream that was rejected before it was open', async () => {
    await using service = await guarded('new');
    using patient = impatient(service.address, {
      credentials: ({ rejected }) => ({ authKey: rejected ? 'new' : 'old' }),
    });
    expect(await failure(patient.microgrid.watch().next())).toMatchObject({ message: 'the service ended the stream' });
    expect(service.sent('key')).toEqual(['old', 'new']);
  });

  it('are asked for again when the provider fails, which never says why in a message', async () => {
    await using service = await guarded('key');
    let failures = 1;
    const provider = () => {
      if (failures-- > 0) throw new Error('hunter2 is not the password');
      return { authKey: 'key' };
    };
    using patient = impatient(service.address, { credentials: provider });
    await patient.microgrid.create(creation);
    expect(patient.waits).toEqual([250]);
    failures = 99;
    const error = await failure(patient.microgrid.create(creation));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'the provider of the credentials failed' });
    expect(error.cause).toMatchObject({ message: 'hunter2 is not the password' });
    expect(service.seen).toHaveLength(1);
  });

  it('do not hold up a call whose time is over or whose caller gives up', async () => {
    await using service = await guarded('key');
    using patient = impatient(service.address, { credentials: () => new Promise<never>(() => {}), callTimeoutMs: 20 });
    expect(await failure(patient.microgrid.get(1))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const controller = new AbortController();
    const watching = failure(patient.microgrid.watch(controller).next());
    controller.abort();
    expect((await watching).name).toBe('AbortError');
    expect(service.seen).toEqual([]);
  });
});

describe('credentials that cannot be sent', () => {
  it.each<[string, object, string]>([
    ['a key with a line break', { authKey: 'hunter2\n' }, 'authKey'],
    ['a key that is not ASCII', { authKey: 'hünter2' }, 'authKey'],
    ['an empty key', { authKey: '' }, 'authKey'],
    ['a secret without a key', { signSecret: 'hunter2' }, 'signSecret'],
    ['an empty secret', { authKey: 'hunter2', signSecret: '' }, 'signSecret'],
  ])('are refused without being told: %s', async (_, credentials, field) => {
    const refused = { code: 'INVALID_ARGUMENT', field, message: expect.not.stringMatching(/h.nter2/) };
    const address = 'grpc://127.0.0.1:1?ssl=false';
    expect(() => new DispatchClient({ address, ...credentials })).toThrow(expect.objectContaining(refused));
    using patient = impatient(address, { credentials: () => credentials });
    expect(await failure(patient.microgrid.get(1))).toMatchObject(refused);
  });
});
