import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { MicrogridClient } from '../../src/client/microgridClient.js';
import { startTestService, type TestService } from '../../src/testing/startTestService.js';
import { hourMs } from '../support/dispatchRecord.js';
import { failure } from '../support/failure.js';
import { type TcpProxy, tcpProxy } from '../support/tcpProxy.js';

const credentials = { authKey: 'key', signSecret: 'secret' };

function creation(type: string) {
  return { type, startTime: new Date(Date.now() + hourMs), selector: { ids: [5] } };
}

describe('a change of which the answer is lost on the way', () => {
  let service: TestService;
  let proxy: TcpProxy;
  let client: DispatchClient;
  let microgrid: MicrogridClient;
  beforeAll(async () => {
    service = await startTestService(credentials);
    proxy = await tcpProxy(Number(new URL(service.address).port));
    client = clientThroughProxy();
    microgrid = client.forMicrogrid(1);
    // By any answer the client learns that the service knows request ids.
    for await (const _ of microgrid.list()) break;
  });
  afterAll(async () => {
    client?.close();
    await proxy?.[Symbol.asyncDispose]();
    await service?.stop();
  });

  function clientThroughProxy(options = {}) {
    return new DispatchClient({ address: `grpc://127.0.0.1:${proxy.port}?ssl=false`, ...credentials, ...options });
  }

  /** The changes that a stream of the service tells, for as long as the work takes. */
  async function changesDuring(work: () => Promise<unknown>): Promise<string[]> {
    const watch = service.client.forMicrogrid(1).watchRecords();
    await watch.opened;
    await work();
    const last = await service.client.create({ microgridId: 1, ...creation('LAST') });
    const changes: string[] = [];
    for await (const change of watch) {
      if (change.kind === 'problem') throw change.problem;
      if (change.dispatch.id === last.id) break;
      changes.push(`${change.kind} ${change.dispatch.type}`);
    }
    return changes;
  }

  it('is made all the same, and told as UNAVAILABLE by a client that does not try again', async () => {
    const once = clientThroughProxy({ retry: false });
    const cut = proxy.cutAtAnswerTo('LOST');
    expect(await failure(once.create({ microgridId: 1, ...creation('LOST') }))).toMatchObject({ code: 'UNAVAILABLE' });
    await cut;
    once.close();
    expect(await typesListed('LOST')).toEqual(['LOST']);
  });

  it('is made once by a client that tries again', async () => {
    const changes = await changesDuring(async () => {
      let cut = proxy.cutAtAnswerTo('CREATED_ONCE');
      const created = await microgrid.create(creation('CREATED_ONCE'));
      await cut;
      cut = proxy.cutAtAnswerTo('updated once');
      const updated = await microgrid.update(created.id, { payload: { text: 'updated once' } });
      await cut;
      expect(updated).toMatchObject({ id: created.id, payload: { text: 'updated once' } });
      // Its request holds no text to look for; nothing else is sent meanwhile.
      cut = proxy.cutAtAnswerTo('');
      await microgrid.delete(created.id);
      await cut;
      expect(await failure(microgrid.delete(created.id))).toMatchObject({ code: 'NOT_FOUND' });
    });
    expect(changes).toEqual(['created CREATED_ONCE', 'updated CREATED_ONCE', 'deleted CREATED_ONCE']);
  });

  async function typesListed(query: string): Promise<string[]> {
    const types: string[] = [];
    for await (const { type } of service.client.list({ microgridId: 1, queries: [query] })) types.push(type);
    return types;
  }
});
