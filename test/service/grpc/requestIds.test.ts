import { Metadata, Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CreateMicrogridDispatchResponse } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { REQUEST_ID, REQUEST_IDS_KEPT_S } from '../../../src/wire/requestId.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { keysFile } from '../../support/keysFile.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { created, dispatchData, openStream, type RawClient, rawService } from '../../support/rawService.js';
import { sqlitePlace } from '../../support/stores.js';

const withId = (requestId: string, key = 'none') => ({ metadata: Metadata({ [REQUEST_ID]: requestId, key }) });
/** The same request in each attempt. */
const creation = { microgridId: 1n, dispatchData: dispatchData({ payload: { power: 5 } }) };
const count = async (client: RawClient, microgridId = 1n, key = 'none') => {
  const options = { metadata: Metadata({ key }) };
  return (await client.listMicrogridDispatches({ microgridId }, options)).paginationInfo?.totalItems;
};

describe('a request id', () => {
  it('lets a creation be made once, and answered the same each time', async () => {
    await using raw = await rawService();
    const first = await raw.client.createMicrogridDispatch(creation, withId('a'));
    const id = first.dispatch?.metadata?.dispatchId as bigint;
    const change = { updateMask: ['duration'], update: { duration: 60 } };
    await raw.client.updateMicrogridDispatch({ microgridId: 1n, dispatchId: id, ...change });
    const again = await raw.client.createMicrogridDispatch(creation, withId('a'));
    const bytes = [first, again].map(answer => CreateMicrogridDispatchResponse.encode(answer).finish());
    expect(bytes[1]).toEqual(bytes[0]);
    expect(await count(raw.client)).toBe(1);
  });

  it('lets a creation be made once that is asked for many times at once', async () => {
    await using raw = await rawService();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => raw.client.createMicrogridDispatch(creation, withId('a'))),
    );
    expect(new Set(answers.map(({ dispatch }) => dispatch?.metadata?.dispatchId)).size).toBe(1);
    expect(await count(raw.client)).toBe(1);
  });

  it('lets updates and deletions be repeated, the deletion although the dispatch is gone', async () => {
    await using raw = await rawService();
    const ids = { microgridId: 1n, dispatchId: (await created(raw.client)).id };
    const update = { ...ids, updateMask: ['duration'], update: { duration: 60 } };
    const updated = await raw.client.updateMicrogridDispatch(update, withId('u'));
    expect(await raw.client.updateMicrogridDispatch(update, withId('u'))).toEqual(updated);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect(await raw.client.deleteMicrogridDispatch(ids, withId('d'))).toMatchObject(ids);
    }
    expect(await raw.client.updateMicrogridDispatch(update, withId('u'))).toEqual(updated);
    await expect(raw.client.deleteMicrogridDispatch(ids)).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });

  it('answers a creation that starts at once as the first time', async () => {
    await using raw = await rawService();
    const request = { ...creation, startImmediately: true };
    const first = await raw.client.createMicrogridDispatch(request, withId('a'));
    expect(await raw.client.createMicrogridDispatch(request, withId('a'))).toEqual(first);
  });

  it('is refused with another content', async () => {
    await using raw = await rawService();
    const { dispatch } = await raw.client.createMicrogridDispatch(creation, withId('a'));
    const used = {
      code: Status.INVALID_ARGUMENT,
      details: 'request-id: already used for a request with different content',
    };
    const other = { ...creation, dispatchData: dispatchData({ payload: { power: 6 } }) };
    await expect(raw.client.createMicrogridDispatch(other, withId('a'))).rejects.toMatchObject(used);
    const ids = { microgridId: 1n, dispatchId: dispatch?.metadata?.dispatchId as bigint };
    await expect(raw.client.deleteMicrogridDispatch(ids, withId('a'))).rejects.toMatchObject(used);
    expect(await count(raw.client)).toBe(1);
  });

  it('is free again when its request was refused', async () => {
    await using raw = await rawService();
    const wrong = { microgridId: 1n, dispatchData: dispatchData({ type: '' }) };
    await expect(raw.client.createMicrogridDispatch(wrong, withId('a'))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
    });
    await raw.client.createMicrogridDispatch(creation, withId('a'));
    expect(await count(raw.client)).toBe(1);
  });

  it('counts for its key and its microgrid', async () => {
    using file = keysFile([
      { name: 'one', key: 'key-1', microgrids: 'all' },
      { name: 'two', key: 'key-2', microgrids: 'all' },
    ]);
    await using raw = await rawService({ keys: file.path });
    for (const key of ['key-1', 'key-2']) {
      for (const microgridId of [1n, 2n]) {
        await raw.client.createMicrogridDispatch({ ...creation, microgridId }, withId('a', key));
      }
    }
    expect([await count(raw.client, 1n, 'key-1'), await count(raw.client, 2n, 'key-1')]).toEqual([2, 2]);
  });

  it.each([
    ['', 'is empty'],
    ['a'.repeat(129), 'has 129 characters'],
  ])('is refused when it %s', async requestId => {
    await using raw = await rawService();
    await expect(raw.client.createMicrogridDispatch(creation, withId(requestId))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'request-id: must be one string of 1 to 128 printable ASCII characters',
    });
    expect(await count(raw.client)).toBe(0);
  });

  it('belongs to a key, and not to its name', async () => {
    const keyed = (key: string) => [{ name: 'a', key, microgrids: 'all' as const }];
    using file = keysFile(keyed('old'));
    await using raw = await rawService({ keys: file.path });
    await raw.client.createMicrogridDispatch(creation, withId('a', 'old'));
    file.replace(keyed('new'));
    await raw.service.reload();
    await raw.client.createMicrogridDispatch(creation, withId('a', 'new'));
    expect(await count(raw.client, 1n, 'new')).toBe(2);
  });

  it('may have 128 characters', async () => {
    await using raw = await rawService();
    const options = withId('! ~'.padEnd(128, 'a'));
    await raw.client.createMicrogridDispatch(creation, options);
    await raw.client.createMicrogridDispatch(creation, options);
    expect(await count(raw.client)).toBe(1);
  });

  it('is remembered over a restart', async () => {
    await using place = sqlitePlace();
    const create = async () => {
      await using raw = await rawService({ database: place.database });
      const answer = await raw.client.createMicrogridDispatch(creation, withId('a'));
      return { answer, total: await count(raw.client) };
    };
    const first = await create();
    expect(await create()).toEqual(first);
    expect(first.total).toBe(1);
  });
});

describe('the header of request ids', () => {
  const header = async (calling: (onHeader: (metadata: Metadata) => void) => Promise<unknown>) => {
    let seen: string | Uint8Array | undefined;
    const remember = (metadata: Metadata) => {
      seen = metadata.get(REQUEST_IDS_KEPT_S);
    };
    await calling(remember).catch(() => {});
    return seen;
  };

  it('is in answers, also in those that refuse, and in opened streams', async () => {
    await using raw = await rawService({ authKey: 'key' });
    const { client } = raw;
    const metadata = Metadata({ key: 'key' });
    expect(await header(onHeader => client.createMicrogridDispatch(creation, { metadata, onHeader }))).toBe('86400');
    expect(await header(onHeader => client.getMicrogridDispatch({}, { metadata, onHeader }))).toBe('86400');
    const stream = async (onHeader: (metadata: Metadata) => void) => {
      const controller = new AbortController();
      const open = (headers: Metadata) => {
        onHeader(headers);
        controller.abort();
      };
      for await (const _ of client.streamMicrogridDispatches(
        {},
        { metadata, onHeader: open, signal: controller.signal },
      ));
    };
    expect(await header(stream)).toBe('86400');
  });

  it('does not make a refused stream look open', async () => {
    await using raw = await rawService({ authKey: 'key' });
    await expect(openStream(raw.client)).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });
});

describeWithPostgres('request ids with PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('let a creation be made once that several services are asked for at once', async () => {
    const database = await postgres.createDatabase();
    await using one = await rawService({ database });
    await using two = await rawService({ database });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? one : two).client.createMicrogridDispatch(creation, withId('a')),
      ),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await count(one.client)).toBe(1);
  });
});
