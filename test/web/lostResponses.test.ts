import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startDispatchService } from '../../src/service/index.js';
import { DispatchClient } from '../../src/web/dispatchClient.js';
import { failure } from '../support/failure.js';

describe('a service that does not answer over HTTP', () => {
  it('is UNAVAILABLE when nobody listens', async () => {
    const client = new DispatchClient({ url: 'http://127.0.0.1:1', retry: false });
    const error = await failure(client.get({ microgridId: 1, id: 1 }));
    expect(error).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^UNAVAILABLE: no connection to http:\/\/127.0.0.1:1 \(.+\)$/),
    });
  });

  it('is told apart when its URL has a path where it has no methods', async () => {
    const service = await startDispatchService({ web: {} });
    try {
      const client = new DispatchClient({ url: `${service.webUrl}/below`, retry: false });
      const method = '/below/frequenz.api.dispatch.v1.MicrogridDispatchService/GetMicrogridDispatch';
      expect(await failure(client.get({ microgridId: 1, id: 1 }))).toMatchObject({
        code: 'UNAVAILABLE',
        message: `UNAVAILABLE: the service refused the request, with HTTP status 404: there is no method ${method}`,
      });
    } finally {
      await service.stop();
    }
  });

  it.each(['{"message":"no route"}', '"no route"', 'null', '{'])('is not taken for what says %s', async body => {
    const server = createServer((_, response) => {
      response.writeHead(404, { 'content-type': 'application/json' }).end(body);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const client = new DispatchClient({ url: `http://127.0.0.1:${port}`, retry: false });
      expect(await failure(client.get({ microgridId: 1, id: 1 }))).toMatchObject({
        message: 'UNAVAILABLE: HTTP status 404, not from the service',
      });
    } finally {
      server.close();
    }
  });
});
