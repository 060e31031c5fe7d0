import { inspect } from 'node:util';
import { Metadata, Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MicrogridDispatchServiceDefinition } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { startDispatchService } from '../../../src/service/index.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { keptLog } from '../../support/keptLog.js';
import { keysFile } from '../../support/keysFile.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { dispatchData, openStream, type RawClient, rawClient } from '../../support/rawService.js';
import { type SignedMetadataOptions, signedMetadata } from '../../support/signedMetadata.js';
import { sqlitePlace } from '../../support/stores.js';

const PARTNER = { name: 'partner', key: 'key-of-the-partner', secret: 'secret-of-the-partner', microgrids: [1] };
const OTHER = { name: 'other', key: 'key-of-the-other', secret: 'secret-of-the-other', microgrids: 'all' } as const;
const READER = { name: 'reader', key: 'key-of-the-reader', microgrids: [1] };
const DISPLAY = { ...OTHER, name: 'display', key: 'key-of-the-display', access: 'read' } as const;
const KEYS = [PARTNER, OTHER, READER, DISPLAY];

type Method = 'list' | 'get' | 'create' | 'update' | 'delete' | 'stream';

const METHOD_NAMES: Record<Method, string> = {
  list: 'ListMicrogridDispatches',
  get: 'GetMicrogridDispatch',
  create: 'CreateMicrogridDispatch',
  update: 'UpdateMicrogridDispatch',
  delete: 'DeleteMicrogridDispatch',
  stream: 'StreamMicrogridDispatches',
};
const METHODS = Object.keys(METHOD_NAMES) as Method[];

/** Makes a call; fulfilled when it succeeds, a stream when it is open. */
async function call(client: RawClient, method: Method, metadata: Metadata, ids = { microgridId: 1n, dispatchId: 1n }) {
  const options = { metadata };
  const update = { updateMask: ['is_active'], update: { isActive: false } };
  switch (method) {
    case 'list':
      return client.listMicrogridDispatches(ids, options);
    case 'get':
      return client.getMicrogridDispatch(ids, options);
    case 'create':
      return client.createMicrogridDispatch({ ...ids, dispatchData: dispatchData() }, options);
    case 'update':
      return client.updateMicrogridDispatch({ ...ids, ...update }, options);
    case 'delete':
      return client.deleteMicrogridDispatch(ids, options);
    case 'stream': {
      for await (const _ of client.streamMicrogridDispatches(ids, options)) break;
      throw new Error('the stream ended without an error');
    }
  }
}

const signed = (method: Method, overrides: Partial<SignedMetadataOptions> = {}) =>
  signedMetadata({ ...PARTNER, method: METHOD_NAMES[method], ...overrides });
const secondsFromNow = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);

/** What a call ended with. */
async function outcome(calling: Promise<unknown>): Promise<{ code: Status; details: string }> {
  try {
    await calling;
  } catch (error) {
    const { code, details } = error as { code: Status; details: string };
    return { code, details };
  }
  return { code: Status.OK, details: '' };
}

/** Nothing of this may be in a log, nor in what a caller is told. */
const SECRETS = KEYS.flatMap(({ key, ...rest }) => [key, ...('secret' in rest ? [rest.secret] : [])]);

const { UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND } = Status;

const UNKNOWN_KEY = 'the API key is not accepted';
const UNSIGNED = 'the call is not signed (metadata `ts`, `nonce` and `sig`)';
const WRONG_SIGNATURE = 'the signature is invalid';
const LONG_NONCE = 'the nonce of the signature is longer than 64 characters';
/** Both clocks are told. */
const wrongTime = (signedAt: string) =>
  expect.stringMatching(
    new RegExp(
      '^the timestamp of the signature differs from the time of this service by more than five minutes: ' +
        `the call is signed at ${signedAt}, and here it is \\d{4}-\\d\\d-\\d\\dT[\\d:]{8}Z$`,
    ),
  );
const noSeconds = (rest: string) =>
  expect.stringMatching(
    new RegExp(`^the timestamp of the signature must be in whole seconds since 1970, such as \\d{10}${rest}$`),
  );
const UTC = String.raw`\d{4}-\d\d-\d\dT[\d:]{8}Z`;
const REPLAYED = 'the nonce of the signature was already used';

describe('credentials', () => {
  const log = keptLog();
  const seen = new Set<string>();
  const file = keysFile(KEYS);
  let served: Awaited<ReturnType<typeof startDispatchService>>;
  let raw: ReturnType<typeof rawClient>;

  beforeAll(async () => {
    served = await startDispatchService({ keys: file.path, logger: log.logger });
    raw = rawClient(served);
  });
  afterAll(async () => {
    raw.channel.close();
    await served.stop();
    file[Symbol.dispose]();
  });

  const tell = async (calling: Promise<unknown>) => {
    const told = await outcome(calling);
    seen.add(told.details);
    return told;
  };
  /** Notes what must not be seen of a call. */
  const sent: string[] = [];
  const noting = (metadata: Metadata) => {
    for (const name of ['key', 'nonce', 'sig']) sent.push(...(metadata.getAll(name) as string[]));
    return metadata;
  };

  const refusals: [string, (method: Method) => Metadata, string][] = [
    ['a missing key', () => Metadata(), 'the call has no API key (metadata `key`)'],
    ['an empty key', () => Metadata({ key: '' }), 'the call has no API key (metadata `key`)'],
    ['a wrong key', method => signed(method, { key: 'key-of-nobody' }), UNKNOWN_KEY],
    ['a wrong key, unsigned', () => Metadata({ key: 'key-of-nobody' }), UNKNOWN_KEY],
    ['a part of a key', method => signed(method, { key: PARTNER.key.slice(0, -1) }), UNKNOWN_KEY],
    ['no signature', () => Metadata({ key: PARTNER.key }), UNSIGNED],
    ['a signature without its nonce', method => signed(method).set('nonce', ''), UNSIGNED],
    ['a wrong secret', method => signed(method, { secret: 'secret-of-nobody' }), WRONG_SIGNATURE],
    ['the secret of another key', method => signed(method, { secret: OTHER.secret }), WRONG_SIGNATURE],
    ['the signature of another method', () => signed('list', { method: 'Other' }), WRONG_SIGNATURE],
    ['a signature cut short', method => signed(method).set('sig', 'short'), WRONG_SIGNATURE],
    ['a nonce of 65 characters', method => signed(method, { nonce: 'n'.repeat(65) }), LONG_NONCE],
    ['a stale timestamp', method => signed(method, { ts: secondsFromNow(-310) }), wrongTime(UTC)],
    ['a future timestamp', method => signed(method, { ts: secondsFromNow(310) }), wrongTime(UTC)],
    ['a timestamp that is none', method => signed(method, { ts: '1e9' }), noSeconds(", not '1e9'")],
    [
      'a timestamp in milliseconds',
      method => signed(method, { ts: '1795965800942' }),
      noSeconds(", not '1795965800942'"),
    ],
    ['a long timestamp', method => signed(method, { ts: '1'.repeat(33) }), noSeconds('')],
  ];

  describe.each(METHODS)('of %s', method => {
    it.each(refusals)('with %s are UNAUTHENTICATED', async (_, metadata, details) => {
      expect(await tell(call(raw.client, method, noting(metadata(method))))).toEqual({
        code: UNAUTHENTICATED,
        details,
      });
    });

    it('with a replayed nonce are UNAUTHENTICATED', async () => {
      const metadata = noting(signed(method));
      if (method === 'stream') {
        await using first = await openStream(raw.client, 1n, metadata);
        expect(first).toBeDefined();
      } else expect((await tell(call(raw.client, method, metadata))).code).not.toBe(UNAUTHENTICATED);
      expect(await tell(call(raw.client, method, metadata))).toEqual({ code: UNAUTHENTICATED, details: REPLAYED });
    });

    it('are PERMISSION_DENIED in a foreign microgrid', async () => {
      const ids = { microgridId: 2n, dispatchId: 1n };
      expect(await tell(call(raw.client, method, noting(signed(method)), ids))).toEqual({
        code: PERMISSION_DENIED,
        details: 'the API key has no access to microgrid 2',
      });
    });
  });

  it.each(['get', 'update', 'delete'] as const)(
    'of %s find a foreign dispatch no more than one that does not exist',
    async method => {
      const create = signedMetadata({ ...OTHER, method: METHOD_NAMES.create });
      const request = { microgridId: 2n, dispatchData: dispatchData() };
      const { dispatch } = await raw.client.createMicrogridDispatch(request, { metadata: noting(create) });
      const foreign = dispatch?.metadata?.dispatchId as bigint;
      for (const dispatchId of [foreign, foreign + 1_000n]) {
        const calling = call(raw.client, method, noting(signed(method)), { microgridId: 1n, dispatchId });
        expect(await tell(calling)).toEqual({
          code: NOT_FOUND,
          details: `microgrid 1 has no dispatch ${dispatchId}`,
        });
      }
    },
  );

  it('let in a key without a secret unsigned', async () => {
    expect((await tell(call(raw.client, 'list', Metadata({ key: READER.key })))).code).toBe(Status.OK);
  });

  it.each(METHODS)('of a key that may only read let in %s if it changes nothing', async method => {
    const metadata = noting(signedMetadata({ ...DISPLAY, method: METHOD_NAMES[method] }));
    if (method === 'stream') {
      await using stream = await openStream(raw.client, 1n, metadata);
      expect(stream).toBeDefined();
      return;
    }
    const told = await tell(call(raw.client, method, metadata, { microgridId: 1n, dispatchId: 999n }));
    if (method === 'list' || method === 'get') expect([Status.OK, NOT_FOUND]).toContain(told.code);
    else expect(told).toEqual({ code: PERMISSION_DENIED, details: 'the API key may only read' });
  });

  it('let in timestamps of nearly five minutes ago and ahead', async () => {
    for (const seconds of [-290, 290]) {
      const metadata = noting(signed('list', { ts: secondsFromNow(seconds) }));
      expect((await tell(call(raw.client, 'list', metadata))).code).toBe(Status.OK);
    }
  });

  it('leave a nonce unused when its signature is wrong', async () => {
    const nonce = 'not-used-up-by-others';
    expect((await tell(call(raw.client, 'list', noting(signed('list', { nonce, secret: 'wrong' }))))).code).toBe(
      UNAUTHENTICATED,
    );
    expect((await tell(call(raw.client, 'list', noting(signed('list', { nonce }))))).code).toBe(Status.OK);
  });

  it('may use the nonce of another key', async () => {
    const nonce = 'used-by-two';
    expect((await tell(call(raw.client, 'list', noting(signed('list', { nonce }))))).code).toBe(Status.OK);
    const other = signedMetadata({ ...OTHER, method: METHOD_NAMES.list, nonce });
    expect((await tell(call(raw.client, 'list', noting(other)))).code).toBe(Status.OK);
  });

  it('end a stream whose key is taken away', async () => {
    const metadata = noting(signedMetadata({ ...OTHER, method: METHOD_NAMES.stream }));
    await using stream = await openStream(raw.client, 1n, metadata);
    file.replace([PARTNER, READER]);
    expect(await tell(stream.next())).toEqual({
      code: UNAUTHENTICATED,
      details: 'the API key is no longer accepted',
    });
    const again = signedMetadata({ ...OTHER, method: METHOD_NAMES.list });
    expect(await tell(call(raw.client, 'list', noting(again)))).toEqual({
      code: UNAUTHENTICATED,
      details: UNKNOWN_KEY,
    });
  });

  it('have left no secret in a log or in an answer', async () => {
    await served.stop();
    expect(log.entries.length).toBeGreaterThan(0);
    const written = `${log.text()} ${[...seen].join(' ')}`;
    for (const secret of new Set([...SECRETS, ...sent].filter(text => text !== '')))
      expect(written).not.toContain(secret);
  });
});

/** Calls a service that was started for it, and stops it. */
async function once(database: string, keys: string, calling: (client: RawClient) => Promise<unknown>) {
  const service = await startDispatchService({ database, keys });
  const { client, channel } = rawClient(service);
  try {
    return await outcome(calling(client));
  } finally {
    channel.close();
    await service.stop();
  }
}

const mutations: [Method, { microgridId: bigint; dispatchId: bigint }, Status][] = [
  ['create', { microgridId: 1n, dispatchId: 0n }, Status.OK],
  ['update', { microgridId: 1n, dispatchId: 99n }, NOT_FOUND],
  ['delete', { microgridId: 1n, dispatchId: 99n }, NOT_FOUND],
];

describe('a nonce after a restart', () => {
  it.each(mutations)('of %s is used up', async (method, ids, first) => {
    await using place = sqlitePlace();
    using file = keysFile(KEYS);
    const metadata = signed(method);
    const replay = (client: RawClient) => call(client, method, metadata, ids);
    expect((await once(place.database, file.path, replay)).code).toBe(first);
    expect(await once(place.database, file.path, replay)).toEqual({ code: UNAUTHENTICATED, details: REPLAYED });
  });
});

describeWithPostgres('with PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it.each(mutations)(
    'a nonce of %s is used up for a second service on the same database',
    async (method, ids, first) => {
      using file = keysFile(KEYS);
      const database = await postgres.createDatabase();
      const metadata = signed(method);
      const one = await startDispatchService({ database, keys: file.path });
      const two = await startDispatchService({ database, keys: file.path });
      const clients = [rawClient(one), rawClient(two)];
      const [first1, second] = clients.map(
        ({ client }) =>
          () =>
            outcome(call(client, method, metadata, ids)),
      );
      expect((await first1?.())?.code).toBe(first);
      expect(await second?.()).toEqual({ code: UNAUTHENTICATED, details: REPLAYED });
      for (const { channel } of clients) channel.close();
      await Promise.all([one.stop(), two.stop()]);
    },
  );

  it('a nonce is used up by one of two creations at once, on two services, in two microgrids', async () => {
    using file = keysFile(KEYS);
    const database = await postgres.createDatabase();
    const one = await startDispatchService({ database, keys: file.path });
    const two = await startDispatchService({ database, keys: file.path });
    const clients = [rawClient(one), rawClient(two)];
    for (let round = 0; round < 20; round += 1) {
      const metadata = signedMetadata({ ...OTHER, method: METHOD_NAMES.create });
      const outcomes = await Promise.all(
        clients.map(({ client }, index) =>
          outcome(call(client, 'create', metadata, { microgridId: BigInt(index + 1), dispatchId: 0n })),
        ),
      );
      expect(outcomes.map(({ code }) => code).sort()).toEqual([Status.OK, UNAUTHENTICATED]);
    }
    for (const { channel } of clients) channel.close();
    await Promise.all([one.stop(), two.stop()]);
  });

  it('the password of the database is in no log and no message', async () => {
    const { logger, text, entries } = keptLog();
    const url = new URL(await postgres.createDatabase());
    url.password = 'password-of-the-database';
    const service = await startDispatchService({ database: url.href, logger });
    const { client, channel } = rawClient(service);
    await postgres.stop();
    const told = await outcome(call(client, 'list', Metadata()));
    expect(told.code).toBe(Status.UNAVAILABLE);
    const failed = await startDispatchService({ database: url.href, logger }).catch((error: Error) => error);
    await postgres.start();
    channel.close();
    await service.stop();
    expect(entries.length).toBeGreaterThan(1);
    const written = [text(), told.details, inspect(failed, { depth: 10, showHidden: true })].join(' ');
    expect(written).not.toContain('password-of-the-database');
  });
});

it('the table knows every call of the service', () => {
  expect(Object.values(METHOD_NAMES).sort()).toEqual(
    Object.values(MicrogridDispatchServiceDefinition.methods)
      .map(({ name }) => name)
      .sort(),
  );
});
