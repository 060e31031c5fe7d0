import { describe, expect, it } from 'vitest';
import { ANYBODY, type ApiKey } from '../../../src/service/access/keyRing.js';
import { readShares } from '../../../src/service/access/readShares.js';
import { deferred } from '../../support/deferred.js';

const keyOf = (name: string): ApiKey => ({ name, key: name, secret: undefined, microgrids: 'all' });
const { signal } = new AbortController();

/** Shares of two, with reads that end when they are told to. */
function sharesOfTwo() {
  const shares = readShares(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const read = (apiKey: ApiKey, name: string, aborting: AbortSignal = signal) =>
    shares.run({ access: { apiKey }, signal: aborting }, () => {
      begun.push(name);
      const { promise, resolve } = deferred();
      ends.set(name, resolve);
      return promise;
    });
  return { begun, read, end: (name: string) => ends.get(name)?.() };
}

describe('readShares', () => {
  it('lets as many reads of a key run as its share holds, and the others in their order', async () => {
    const { begun, read, end } = sharesOfTwo();
    const reads = ['a1', 'a2', 'a3', 'a4'].map(name => read(keyOf('a'), name));
    const other = read(keyOf('b'), 'b1');
    await Promise.resolve();
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    end('a2');
    await reads[1];
    await Promise.resolve();
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3']);
    for (const name of ['b1', 'a1', 'a3']) end(name);
    await Promise.all([other, reads[0], reads[2]]);
    end('a4');
    await reads[3];
  });

  it('does not limit callers without a key', async () => {
    const { begun, read, end } = sharesOfTwo();
    const reads = ['1', '2', '3'].map(name => read(ANYBODY, name));
    expect(begun).toEqual(['1', '2', '3']);
    for (const name of begun) end(name);
    await Promise.all(reads);
  });

  it('never begins what nobody waits for any more', async () => {
    const { begun, read, end } = sharesOfTwo();
    const gone = new AbortController();
    const first = [read(keyOf('a'), 'a1'), read(keyOf('a'), 'a2')];
    const dropped = read(keyOf('a'), 'dropped', gone.signal);
    const next = read(keyOf('a'), 'next');
    gone.abort(new Error('gone'));
    await expect(dropped).rejects.toThrow('gone');
    await expect(read(keyOf('a'), 'late', gone.signal)).rejects.toThrow('gone');
    end('a1');
    await first[0];
    await Promise.resolve();
    expect(begun).toEqual(['a1', 'a2', 'next']);
    end('a2');
    end('next');
    await Promise.all([first[1], next]);
  });

  it('frees the room of a read that fails', async () => {
    const shares = readShares(1);
    const call = { access: { apiKey: keyOf('a') }, signal };
    const failing = shares.run(call, () => Promise.reject(new Error('failed')));
    const next = shares.run(call, async () => 'read');
    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('read');
  });
});
