import { Metadata, Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { keptLog } from '../../support/keptLog.js';
import { keysFile } from '../../support/keysFile.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { created, dispatchData, openStream, type RawClient, rawService } from '../../support/rawService.js';
import { postgresPlace, type StorePlace, sqlitePlace } from '../../support/stores.js';

/** Ids that the contract allows and no dispatch has: the least, one that SQL integers hold, one that they do not, the last. */
const LARGE = [2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

const PAYLOAD_UPDATE = { updateMask: ['payload'], update: { payload: { a: 1 } } };

/** Each call about a microgrid, by its name. */
function calls(client: RawClient, microgridId: bigint, dispatchId: bigint, metadata = Metadata()) {
  const ids = { microgridId, dispatchId };
  return {
    get: () => client.getMicrogridDispatch(ids, { metadata }),
    update: () => client.updateMicrogridDispatch({ ...ids, ...PAYLOAD_UPDATE }, { metadata }),
    delete: () => client.deleteMicrogridDispatch(ids, { metadata }),
    list: () => client.listMicrogridDispatches({ microgridId }, { metadata }),
    create: () => client.createMicrogridDispatch({ microgridId, dispatchData: dispatchData() }, { metadata }),
    stream: () => client.streamMicrogridDispatches({ microgridId }, { metadata })[Symbol.asyncIterator]().next(),
  };
}

function describeLargeIds(name: string, openPlace: () => Promise<StorePlace>): void {
  describe(`ids above 2^53-1, ${name}`, () => {
    let place: StorePlace;
    beforeAll(async () => {
      place = await openPlace();
    });
    afterAll(() => place[Symbol.asyncDispose]());

    it('are dispatches that are not there, in get, update and delete', async () => {
      await using raw = await rawService({ database: place.database });
      const { id } = await created(raw.client);
      for (const [microgridId, dispatchId] of LARGE.flatMap(large => [
        [1n, large] as const,
        [large, id] as const,
        [large, large] as const,
      ])) {
        const refused = { code: Status.NOT_FOUND, details: `microgrid ${microgridId} has no dispatch ${dispatchId}` };
        const { get, update, delete: remove } = calls(raw.client, microgridId, dispatchId);
        for (const call of [get, update, remove]) await expect(call()).rejects.toMatchObject(refused);
      }
    });

    it('match nothing in a filter of a list', async () => {
      await using raw = await rawService({ database: place.database });
      const { id } = await created(raw.client, {}, 2n);
      await created(raw.client, {}, 2n);
      const list = async (dispatchIds: bigint[]) => {
        const { dispatches } = await raw.client.listMicrogridDispatches({ microgridId: 2n, filter: { dispatchIds } });
        return dispatches.map(({ metadata }) => metadata?.dispatchId);
      };
      expect(await list(LARGE)).toEqual([]);
      expect(await list([...LARGE, id])).toEqual([id]);
    });

    it('are microgrids without dispatches, in lists and streams, and cannot have any', async () => {
      await using raw = await rawService({ database: place.database });
      for (const microgridId of LARGE) {
        expect(await raw.client.listMicrogridDispatches({ microgridId })).toEqual({
          dispatches: [],
          paginationInfo: { totalItems: 0, nextPageToken: undefined },
        });
        const paginationParams = { params: { $case: 'pageToken' as const, value: 'x' } };
        await expect(raw.client.listMicrogridDispatches({ microgridId, paginationParams })).rejects.toMatchObject({
          code: Status.INVALID_ARGUMENT,
        });
        await expect(calls(raw.client, microgridId, 1n).create()).rejects.toMatchObject({
          code: Status.INVALID_ARGUMENT,
          details: `microgrid_id: must be 0 to 2^53-1, not ${microgridId}`,
        });
      }
      await using stream = await openStream(raw.client, 2n ** 64n - 1n);
      await created(raw.client);
      await raw.service.stop();
      await expect(stream.next()).rejects.toMatchObject({
        code: Status.UNAVAILABLE,
        details: 'the service is shutting down',
      });
    });
  });
}

describeLargeIds('in SQLite', async () => sqlitePlace());
// `:memory:` is a database of its own for each service.
describeLargeIds('in memory', async () => ({ ...sqlitePlace(), database: ':memory:' }));

describeWithPostgres('on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  describeLargeIds('in PostgreSQL', () => postgresPlace(postgres));
});

describe('a key', () => {
  const partner = { name: 'partner', key: 'key-1', microgrids: [1] };
  const everything = { name: 'everything', key: 'key-2', microgrids: 'all' as const };

  it('that sees some microgrids gets PERMISSION_DENIED for those above 2^53-1, in every call', async () => {
    using file = keysFile([partner, everything]);
    const { entries, logger } = keptLog();
    await using raw = await rawService({ keys: file.path, logger });
    for (const microgridId of LARGE.toReversed()) {
      for (const call of Object.values(calls(raw.client, microgridId, 1n, Metadata({ key: partner.key })))) {
        await expect(call()).rejects.toMatchObject({
          code: Status.PERMISSION_DENIED,
          details: `the API key has no access to microgrid ${microgridId}`,
        });
      }
    }
    // The log tells the id as it is.
    const told = entries.map(({ fields }) => (fields as { microgrid?: unknown }).microgrid);
    expect(told).toContain('18446744073709551615');
  });

  it('that may see all no longer loses its stream of one above 2^53-1', async () => {
    using file = keysFile([everything]);
    await using raw = await rawService({ keys: file.path });
    await using stream = await openStream(raw.client, 2n ** 60n, Metadata({ key: everything.key }));
    file.replace([{ ...everything, microgrids: [1] }]);
    await expect(stream.next()).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
      details: `the API key has no access to microgrid ${2n ** 60n}`,
    });
  });
});
