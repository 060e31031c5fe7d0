import { ServerCredentials } from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  CreateMicrogridDispatchRequest,
  UpdateMicrogridDispatchRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { keyRing } from '../../../src/service/access/keyRing.js';
import { createWrite, updateWrite } from '../../../src/service/domain/dispatchWrites.js';
import { openPostgresStore } from '../../../src/service/store/sql/postgres/openPostgresStore.js';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { creation } from '../../support/dispatchRow.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { dispatchData } from '../../support/rawService.js';
import { servedStore } from '../../support/servedStore.js';
import { signedMetadata } from '../../support/signedMetadata.js';

describeWithPostgres('what a write costs PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  async function opened() {
    const url = await postgres.createDatabase();
    const store = await openPostgresStore(url);
    const client = new pg.Client(url);
    await client.connect();
    return {
      store,
      query: async (sql: string) => (await client.query(sql)).rows,
      async [Symbol.asyncDispose]() {
        await client.end();
        await store.close();
      },
    };
  }

  const targetOf = (from: number, to: number) => ({
    components: {
      $case: 'componentIds' as const,
      value: { ids: Array.from({ length: to - from }, (_, index) => BigInt(from + index)) },
    },
  });

  it('an update writes only the search keys that differ', async () => {
    await using open = await opened();
    const { store, query } = open;
    // The transaction that wrote a row.
    const keys = async () =>
      new Map((await query('SELECT key, xmin FROM dispatch_target')).map(({ key, xmin }) => [key, xmin]));
    const request = CreateMicrogridDispatchRequest.fromPartial({
      dispatchData: dispatchData({ target: targetOf(0, 1000) }),
    });
    const { dispatch } = await store.apply(1, createWrite(request));
    const update = (fields: Parameters<typeof UpdateMicrogridDispatchRequest.fromPartial>[0]) =>
      store.apply(1, updateWrite(1, dispatch?.id ?? 0, UpdateMicrogridDispatchRequest.fromPartial(fields)));
    const before = await keys();
    expect(before.size).toBe(1000);

    await update({ updateMask: ['is_active'], update: { isActive: false } });
    expect(await keys()).toEqual(before);

    await update({ updateMask: ['target'], update: { target: targetOf(2, 1001) } });
    const after = await keys();
    expect(after.size).toBe(999);
    expect([...after].filter(([key, xmin]) => before.get(key) !== xmin).map(([key]) => key)).toEqual(['i:1000']);
  });

  it('the counter of a microgrid is written once in a transaction, and not at all when nothing is changed', async () => {
    await using open = await opened();
    const { store, query } = open;
    await store.apply(1, creation());
    await query(`
      CREATE TABLE counted (seq bigint);
      CREATE FUNCTION count_update() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO counted VALUES (NEW.seq); RETURN NEW; END';
      CREATE TRIGGER counting AFTER UPDATE ON microgrid FOR EACH ROW EXECUTE FUNCTION count_update();
    `);
    const refused = {
      id: null,
      decide() {
        throw new Error('refused');
      },
    };
    await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) => store.apply(1, index % 4 ? creation() : refused)),
    );
    await expect(store.apply(1, refused)).rejects.toThrow('refused');
    expect(await query('SELECT seq FROM counted')).toEqual([{ seq: '31' }]);
  });

  it('a signed write that is refused by its shape leaves no trace; one that is refused by the state of things uses its nonce up', async () => {
    await using open = await opened();
    const { store, query } = open;
    const key = { name: 'key', key: 'the key', secret: 'the secret', microgrids: 'all' as const };
    const access = { keys: keyRing([key]), credentials: ServerCredentials.createInsecure() };
    await using served = await servedStore({ ...store, close: async () => {} }, { access });
    const { dispatches } = served;
    const signed = (method: string) => ({ metadata: signedMetadata({ ...key, method }) });
    const ids = { microgridId: 1n, dispatchId: 1n };
    const traces = () =>
      query(`
        SELECT (SELECT count(*)::int FROM nonce) AS nonces, (SELECT count(*)::int FROM microgrid) AS microgrids,
               (SELECT is_called FROM dispatch_id) AS took_an_id`);

    const dispatchData = { type: '', duration: 60 };
    const creating = dispatches.createMicrogridDispatch(
      { microgridId: 1n, dispatchData },
      signed('CreateMicrogridDispatch'),
    );
    await expect(creating).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    const updating = dispatches.updateMicrogridDispatch(
      { ...ids, updateMask: ['id'] },
      signed('UpdateMicrogridDispatch'),
    );
    await expect(updating).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    expect(await traces()).toEqual([{ nonces: 0, microgrids: 0, took_an_id: false }]);

    const once = signed('DeleteMicrogridDispatch');
    await expect(dispatches.deleteMicrogridDispatch(ids, once)).rejects.toMatchObject({ code: Status.NOT_FOUND });
    expect(await traces()).toEqual([{ nonces: 1, microgrids: 1, took_an_id: false }]);
    await expect(dispatches.deleteMicrogridDispatch(ids, once)).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });
});
