import { describe, expect, it } from 'vitest';
import { readWebhookUrl } from '../../src/webhook/webhookUrl.js';

/** Whether fetch sends nothing to a port; it sends nothing here either. */
async function isBlocked(port: number): Promise<boolean> {
  const dispatcher = {
    dispatch() {
      throw new Error('not blocked');
    },
  };
  const error = await fetch(`http://127.0.0.1:${port}/`, { dispatcher } as unknown as RequestInit).catch(e => e);
  return error.cause.message === 'bad port';
}

describe('the address of a receiver', () => {
  it('has none of the ports that fetch blocks', async () => {
    const [refused, blocked]: [number[], number[]] = [[], []];
    for (let port = 1; port <= 11_000; port++) {
      try {
        readWebhookUrl(`http://127.0.0.1:${port}/`);
      } catch {
        refused.push(port);
      }
      if (await isBlocked(port)) blocked.push(port);
    }
    expect(refused).toEqual(blocked);
    expect(blocked).toContain(6000);
  });

  it.each(['http://plant.example:0/', 'https://plant.example:10080/secret'])('is not %s', text => {
    const port = text.includes('10080') ? 10080 : 0;
    expect(() => readWebhookUrl(text)).toThrow(
      new RangeError(
        `url must have another port than ${port}, to which nothing can be sent (https://fetch.spec.whatwg.org/#port-blocking)`,
      ),
    );
  });

  it.each(['https://plant.example/hook', 'http://plant.example:80/', 'http://plant.example:443/', 'http://h:8080'])(
    'may be %s',
    text => {
      expect(readWebhookUrl(text)).toEqual(new URL(text));
    },
  );
});
