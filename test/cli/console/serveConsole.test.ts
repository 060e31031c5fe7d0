import { describe, expect, it } from 'vitest';
import { Dispatcher } from '../../../src/index.js';
import { startDispatchService } from '../../../src/service/index.js';
import { sqliteStore } from '../../../src/store/index.js';
import { DispatchClient as WebDispatchClient, Dispatcher as WebDispatcher } from '../../../src/web/index.js';
import { keptLog } from '../../support/keptLog.js';
import { tcpProxy } from '../../support/tcpProxy.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { servedConsole } from './servedConsole.js';

const credentials = { authKey: 'key-of-service', signSecret: 'secret-of-service' };
const charge = { microgridId: 1, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } } as const;

async function relayed(log = keptLog()) {
  const service = await startDispatchService(credentials);
  const served = await servedConsole({ service: { url: service.address, ...credentials }, logger: log.logger });
  const { key } = await served.exchange();
  const client = new WebDispatchClient({ url: served.origin, authKey: key });
  return {
    service,
    served,
    key,
    client,
    async [Symbol.asyncDispose]() {
      client.close();
      await served[Symbol.asyncDispose]();
      await service.stop();
    },
  };
}

describe('the console of this machine passes on', () => {
  it('calls with notes and request ids, and what the service answers', async () => {
    await using all = await relayed();
    const { client, served, key } = all;
    const { id } = await client.create({ ...charge, note: 'from a page: ü' });
    expect(await client.get({ microgridId: 1, id })).toMatchObject({ id, type: 'CHARGE' });
    await client.delete({ microgridId: 1, id });
    const { value: entry } = await client.audit({ microgridId: 1, oldestFirst: true }).next();
    expect(entry).toMatchObject({ note: 'from a page: ü', keyName: 'default', requestId: expect.any(String) });
    expect(await client.whoami()).toMatchObject({ keyName: 'default', microgrids: 'all', mayWrite: true });
    const answer = await fetch(
      `${served.origin}/frequenz.api.dispatch.v1.MicrogridDispatchService/ListMicrogridDispatches`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', key },
        body: '{"microgridId":1}',
      },
    );
    expect(await answer.json()).toMatchObject({ dispatches: [] });
    expect(answer.headers.get('request-ids-kept-s')).toBe('86400');
  });

  it('errors with their violations', async () => {
    await using all = await relayed();
    await expect(all.client.get({ microgridId: 1, id: 99 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('has no dispatch 99'),
    });
    await expect(all.client.create({ ...charge, startTime: new Date(0) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      violations: [{ field: expect.stringContaining('start_time'), description: expect.any(String) }],
    });
  });

  it('streams, from a position on, to a dispatcher of the page', async () => {
    await using all = await relayed();
    await using dispatcher = new WebDispatcher({ microgridId: 1, url: all.served.origin, authKey: all.key });
    await dispatcher.start();
    await dispatcher.ready({ timeoutMs: 20_000 });
    const started = dispatcher.runningStatusChange.newReceiver();
    await all.client.create(charge);
    expect((await started.receive())?.running('CHARGE')).toBe('RUNNING');
    expect(dispatcher.status).toMatchObject({
      state: 'live',
      polling: false,
      position: expect.stringMatching(/^\d+:/),
    });
  });
});

describe('a page of the console', () => {
  it('is told that the service does not accept the key of the command', async () => {
    await using all = await relayed();
    await using other = await servedConsole({ service: { url: all.service.address, authKey: 'other' } });
    const { key } = await other.exchange();
    await using client = new WebDispatchClient({ url: other.origin, authKey: key });
    await expect(client.whoami()).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringMatching(/does not accept the key of dispatch console: the API key is not accepted$/),
    });
  });

  it('notices that the service is away, and when it is back', async () => {
    await using all = await relayed();
    await using proxy = await tcpProxy(all.service.port);
    const url = `grpc://127.0.0.1:${proxy.port}?ssl=false`;
    await using served = await servedConsole({ service: { url, ...credentials } });
    const { key: authKey } = await served.exchange();
    await using dispatcher = new WebDispatcher({
      microgridId: 1,
      url: served.origin,
      authKey,
      logger: keptLog().logger,
    });
    await dispatcher.start();
    await dispatcher.ready({ timeoutMs: 20_000 });
    proxy.cut();
    await expect.poll(() => dispatcher.status.state, { timeout: 20_000 }).not.toBe('live');
    const health = await fetch(`${served.origin}/grpc.health.v1.Health/Check`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto' },
      body: new Uint8Array(5),
    });
    expect([health.status, await health.text()]).toEqual([
      503,
      expect.stringMatching(/^the service at grpc:.* is not reached: /),
    ]);
    proxy.restore();
    await expect.poll(() => dispatcher.status.state, { timeout: 30_000 }).toBe('live');
  });

  it('reads what a dispatcher announced from the file of its store, with the key of the page only', async () => {
    using folder = temporaryFolder();
    const store = `${folder.path}/microgrid1.db`;
    await using all = await relayed();
    const dispatcher = new Dispatcher({
      microgridId: 1,
      address: all.service.address,
      ...credentials,
      store: sqliteStore(store),
    });
    await dispatcher.start();
    await dispatcher.ready({ timeoutMs: 20_000 });
    const started = dispatcher.runningStatusChange.newReceiver();
    const { id } = await all.client.create(charge);
    await started.receive();
    await dispatcher.stop();
    await using served = await servedConsole({ service: { url: all.service.address, ...credentials }, store });
    const { key, hasHistory } = await served.exchange();
    expect(hasHistory).toBe(true);
    const ask = async (headers: Record<string, string>, body: object) => {
      const response = await fetch(`${served.origin}/history`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: served.origin, ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    };
    const day = { microgridId: 1, fromMs: Date.now() - 3_600_000, toMs: Date.now() + 3_600_000 };
    expect(await ask({ key }, day)).toMatchObject({
      status: 200,
      body: { entries: [{ notification: 'running.started', id, microgridId: 1 }], isCut: false },
    });
    expect(await ask({ key }, { ...day, microgridId: 2 })).toMatchObject({ status: 200, body: { entries: [] } });
    expect(await ask({ key }, { ...day, toMs: day.fromMs })).toMatchObject({ status: 200, body: { entries: [] } });
    expect(await ask({}, day)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await ask({ key: 'x' }, day)).toMatchObject({ status: 401 });
    for (const [name, value] of Object.entries({ microgridId: '1', fromMs: null, toMs: 1e300 })) {
      const wrong = await ask({ key }, { ...day, [name]: value });
      expect(wrong).toMatchObject({
        status: 400,
        body: { code: 'invalid_argument', message: expect.stringContaining(name) },
      });
    }
  });

  it('is served on loopback only', async () => {
    await expect(
      servedConsole({ service: { url: 'grpc://127.0.0.1:1?ssl=false' }, listen: '0.0.0.0:0' }),
    ).rejects.toThrow('--listen 0.0.0.0:0: the console is for this machine');
  });
});
