import * as crypto from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DispatchService, startDispatchService } from '../../src/service/index.js';
import { pageCommands } from '../support/pageCommands.js';

const page = pageCommands('http.md');

describe('the requests of docs/http.md for other programs', () => {
  let service: DispatchService;
  beforeAll(async () => {
    service = await startDispatchService({ authKey: 'key', signSecret: 'secret', web: {} });
  });
  afterAll(() => service.stop());

  it('of Node-RED are signed rightly', async () => {
    const [, code = ''] = /^```js node-red\n(.*?)^```$/ms.exec(page.text) ?? [];
    const values: Record<string, string | undefined> = {
      DISPATCH_URL: service.webUrl,
      DISPATCH_KEY: 'key',
      DISPATCH_SECRET: 'secret',
    };
    const env = { get: (name: string) => values[name] };
    const { url, payload, ...request } = new Function('msg', 'env', 'crypto', code)({}, env, crypto);
    const answer = await fetch(url, { ...request, body: JSON.stringify(payload) });
    expect(await answer.json()).toMatchObject({ dispatches: [] });
  });

  it('of Home Assistant are answered as its templates need', async () => {
    await using open = await openService();
    const payloads = [...page.text.matchAll(/^ +(?:url|resource): https:\/\/[^/]+(\S+)$.*?^ +payload: '([^\n]*)'$/gms)];
    const send = async (index: number) => {
      const [, path = '', payload = ''] = payloads[index] ?? [];
      const body = payload.replace('{{ dispatch_id }}', '1');
      const answer = await fetch(open.webUrl + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      return answer.json();
    };
    expect(payloads).toHaveLength(2);
    expect(await send(1)).toMatchObject({ paginationInfo: { totalItems: 1 } });
    expect(await send(0)).toMatchObject({ dispatch: { data: { isActive: false } } });
    expect(await send(1)).toMatchObject({ paginationInfo: { totalItems: 0 } });
  });
});

/** A service for everybody with one active dispatch. */
async function openService() {
  const service = await startDispatchService({ web: {} });
  const webUrl = service.webUrl ?? '';
  await fetch(`${webUrl}/frequenz.api.dispatch.v1.MicrogridDispatchService/CreateMicrogridDispatch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      microgridId: 1,
      startImmediately: true,
      dispatchData: { type: 'CHARGE', isActive: true, target: { componentIds: { ids: [5] } } },
    }),
  });
  return { webUrl, [Symbol.asyncDispose]: () => service.stop() };
}
