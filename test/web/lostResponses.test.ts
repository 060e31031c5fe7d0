import { describe, expect, it } from 'vitest';
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
});
