import { Metadata, Status } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import { MicrogridDispatchServiceDefinition } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { replayCache } from '../../src/service/access/replayCache.js';
import { startDispatchService } from '../../src/service/index.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { creation } from '../support/dispatchRow.js';
import { keptLog } from '../support/keptLog.js';
import { keysFile } from '../support/keysFile.js';
import { runProgram } from '../support/program.js';
import { created, rawClient, rawService } from '../support/rawService.js';
import { serveStore } from '../support/serveStore.js';
import { signedMetadata } from '../support/signedMetadata.js';
import { sqlitePlace } from '../support/stores.js';

describe('options', () => {
  it('listen on a free port of 127.0.0.1 by default, at an address that clients take', async () => {
    await using raw = await rawService();
    expect(raw.service.port).toBeGreaterThan(0);
    expect(raw.service.address).toBe(`grpc://127.0.0.1:${raw.service.port}?ssl=false`);
    await created(raw.client);
  });

  it.each(['', '127.0.0.1', ':50051', '127.0.0.1:x', 'http://localhost:1', '::1:50051', 'a b:1'])(
    'refuse to listen on %j',
    async listen => {
      await expect(startDispatchService({ listen })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'listen',
        message: `listen: '${listen}' is not HOST:PORT, such as 127.0.0.1:50051`,
      });
    },
  );

  it('refuse to listen on a port that there is not', async () => {
    await expect(startDispatchService({ listen: '127.0.0.1:65536' })).rejects.toMatchObject({
      message: 'listen: the port must be 0 to 65535, not 65536',
    });
  });

  it.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:0', 'example.org:0', '127.0.0.1.example.org:0'])(
    'refuse to listen on %s without keys and TLS, and say what is missing',
    async listen => {
      const reached = `listen: ${listen} can be reached from other machines, which needs`;
      const otherwise = 'or --insecure in a trusted network';
      await expect(startDispatchService({ listen })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'listen',
        message: `${reached} API keys (--keys) and TLS (--tls-cert and --tls-key), ${otherwise}`,
      });
      await expect(startDispatchService({ listen, authKey: 'key' })).rejects.toMatchObject({
        message: `${reached} TLS (--tls-cert and --tls-key), ${otherwise}`,
      });
      const tls = { certificate: 'nowhere', key: 'nowhere' };
      await expect(startDispatchService({ listen, tls })).rejects.toMatchObject({
        message: `${reached} API keys (--keys), ${otherwise}`,
      });
    },
  );

  it('listen beyond loopback without TLS, or without a key, where that is allowed', async () => {
    for (const authKey of [undefined, 'key']) {
      const service = await startDispatchService({ listen: '0.0.0.0:0', authKey, insecure: true });
      expect(service.address).toBe(`grpc://0.0.0.0:${service.port}?ssl=false`);
      await service.stop();
    }
  });

  it.each([
    [{ calls: 0 }, 'limits.calls: must be an integer above 0'],
    [{ callsPerSecond: 1.5 }, 'limits.callsPerSecond: must be an integer above 0'],
    [
      { call: 1 },
      'limits.call: must be one of calls, callsPerKey, callsPerSecond, readsPerKey, streams, streamsPerKey, unauthenticatedPerSecond, requestBytes, webConnections',
    ],
  ])('refuse the limits %j', async (limits, message) => {
    await expect(startDispatchService({ limits: limits as object })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message,
    });
  });

  it.each([
    [{ reads: 0 }, 'databaseConnections.reads: must be an integer from 1 to 1000'],
    [{ writes: 1.5 }, 'databaseConnections.writes: must be an integer from 1 to 1000'],
    [{ health: 1 }, 'databaseConnections.health: must be one of reads, writes'],
  ])('refuse the connections %j', async (databaseConnections, message) => {
    const options = { database: 'postgres://127.0.0.1:1/x', databaseConnections: databaseConnections as object };
    await expect(startDispatchService(options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message });
  });

  it('refuse connections to a database that has none', async () => {
    await expect(startDispatchService({ databaseConnections: { reads: 4 } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'databaseConnections: is for a database that begins with postgres://',
    });
  });

  it('tell which address is in use', async () => {
    await using raw = await rawService();
    const listen = `127.0.0.1:${raw.service.port}`;
    const failure = startDispatchService({ listen });
    await expect(failure).rejects.toBeInstanceOf(DispatchError);
    await expect(failure).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `cannot listen on ${listen}: the address is already in use`,
    });
  });

  it.each(['', ':memory', 'mysql://host/x', 'file:dispatches.db', 'http://host'])(
    'refuse the database %j, which is neither a file nor one that is known',
    async database => {
      await expect(startDispatchService({ database })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'database',
      });
    },
  );

  it.each([0, -1, 59_999, Number.NaN, 1e15, Number.POSITIVE_INFINITY])(
    'refuse to keep changes for %d ms',
    async keepChangesMs => {
      await expect(startDispatchService({ keepChangesMs })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'keepChangesMs',
      });
    },
  );

  it.each([0, 59_999, Number.NaN])('refuse to keep the audit for %d ms', async keepAuditMs => {
    await expect(startDispatchService({ keepAuditMs })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'keepAuditMs',
    });
  });

  it('refuse an empty key, an empty secret, and a secret without a key', async () => {
    const refused = (field: string) => ({ code: 'INVALID_ARGUMENT', field });
    await expect(startDispatchService({ authKey: '' })).rejects.toMatchObject(refused('authKey'));
    await expect(startDispatchService({ authKey: 'k', signSecret: '' })).rejects.toMatchObject(refused('signSecret'));
    await expect(startDispatchService({ signSecret: 's' })).rejects.toMatchObject(refused('signSecret'));
  });
});

describe('a database in a file', () => {
  it('keeps what was acknowledged over restarts', async () => {
    await using place = sqlitePlace();
    const { database } = place;
    const before = await (async () => {
      await using raw = await rawService({ database });
      expect(raw.service.database).toBe(database);
      return await created(raw.client, { payload: { kept: true } });
    })();
    await using raw = await rawService({ database });
    const { dispatch } = await raw.client.getMicrogridDispatch({ microgridId: 1n, dispatchId: before.id });
    expect(dispatch).toEqual({ metadata: before.metadata, data: before.data });
    expect((await created(raw.client)).id).toBeGreaterThan(before.id);
  });

  it('is free again when the service could not listen', async () => {
    await using place = sqlitePlace();
    await using raw = await rawService();
    const listen = `127.0.0.1:${raw.service.port}`;
    await expect(startDispatchService({ listen, database: place.database })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `cannot listen on ${listen}: the address is already in use`,
    });
    await (await startDispatchService({ database: place.database })).stop();
  });

  it('drops changes that are older than they are kept', async () => {
    await using place = sqlitePlace();
    const nowUs = Date.now() * 1000;
    const store = await place.open({ nowUs: () => nowUs - 120_000_000 });
    await store.apply(1, creation());
    await store.apply(1, creation());
    await store.close();
    const { database } = place;
    await (await startDispatchService({ database, keepChangesMs: 180_000 })).stop();
    const log = async () => {
      const opened = await place.open();
      const { changes, pruned } = await opened.changes(new Map([[1, 0]]), 10);
      await opened.close();
      return { count: changes.length, pruned };
    };
    const head = async () => {
      const opened = await place.open();
      const cursor = await opened.cursor(1);
      await opened.close();
      return cursor;
    };
    expect(await log()).toEqual({ count: 2, pruned: [] });
    await (await startDispatchService({ database, keepChangesMs: 60_000 })).stop();
    expect(await log()).toEqual({ count: 0, pruned: [1] });
    expect(await head()).toMatchObject({ seq: 2 });
  });
});

describe('stop', () => {
  it('frees the port, and is harmless twice', async () => {
    const service = await startDispatchService();
    await Promise.all([service.stop(), service.stop()]);
    await service.stop();
    const again = await startDispatchService({ listen: `127.0.0.1:${service.port}` });
    await again.stop();
  });

  it.each(['memory', 'a file'])('leaves nothing that keeps the process alive, with dispatches in %s', async where => {
    await using place = sqlitePlace();
    using file = keysFile([]);
    const { code, stdout } = await runProgram(`
      import { startDispatchService } from 'xstate-dispatch/service';
      const database = ${JSON.stringify(where === 'memory' ? ':memory:' : place.database)};
      const service = await startDispatchService({ database, keys: ${JSON.stringify(file.path)} });
      await service.stop();
      console.log('stopped');
    `);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'stopped\n' });
  });
});

describe('credentials', () => {
  const KEY = 'a-key';
  const SECRET = 'a-secret';

  it('let in who has the key, and nobody else', async () => {
    await using raw = await rawService({ authKey: KEY });
    const list = (metadata?: Metadata) =>
      raw.client.listMicrogridDispatches({ microgridId: 1n }, { ...(metadata && { metadata }) });
    expect((await list(Metadata({ key: KEY }))).dispatches).toEqual([]);
    await expect(list(Metadata({ key: 'wrong' }))).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
      details: 'the API key is not accepted',
    });
    await expect(list()).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
      details: 'the call has no API key (metadata `key`)',
    });
  });

  it('include a signature where a secret is set', async () => {
    await using raw = await rawService({ authKey: KEY, signSecret: SECRET });
    const list = (metadata: Metadata) => raw.client.listMicrogridDispatches({ microgridId: 1n }, { metadata });
    const method = 'ListMicrogridDispatches';
    expect((await list(signedMetadata({ key: KEY, secret: SECRET, method }))).dispatches).toEqual([]);
    for (const metadata of [Metadata({ key: KEY }), signedMetadata({ key: KEY, secret: 'wrong', method })]) {
      await expect(list(metadata)).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
    }
  });
});

describe('replayCache', () => {
  it('refuses a nonce until it expires', () => {
    const memory = replayCache(10);
    expect(memory.take('a', 600_000, 0)).toBe('fresh');
    expect(memory.take('a', 900_000, 600_000)).toBe('replayed');
    expect(memory.take('a', 900_000, 720_000)).toBe('fresh');
  });

  it('takes no more than its limit, until some expire', () => {
    const memory = replayCache(2);
    expect(memory.take('a', 60_000, 0)).toBe('fresh');
    expect(memory.take('b', 600_000, 0)).toBe('fresh');
    expect(memory.take('c', 600_000, 0)).toBe('full');
    expect(memory.take('b', 600_000, 0)).toBe('replayed');
    expect(memory.take('c', 600_000, 200_000)).toBe('fresh');
  });
});

describe('failures', () => {
  it('of the store are masked for the caller and logged', async () => {
    const { entries, logger } = keptLog();
    const failure = new Error('password of the database: hunter2');
    const store = { ...memoryStore(), get: () => Promise.reject(failure) };
    const served = await serveStore(store, { logger });
    const { client, channel } = rawClient(served);
    await expect(client.getMicrogridDispatch({ microgridId: 1n, dispatchId: 1n })).rejects.toMatchObject({
      code: Status.INTERNAL,
      details: 'internal error of the service; see its log',
    });
    expect(entries).toContainEqual({
      level: 'error',
      fields: { err: failure, path: `/${MicrogridDispatchServiceDefinition.fullName}/GetMicrogridDispatch` },
      message: 'a call failed with an internal error',
    });
    channel.close();
    await served.stop();
  });
});
