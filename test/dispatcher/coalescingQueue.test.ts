import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoalescingQueue } from '../../src/dispatcher/coalescingQueue.js';

interface Item {
  readonly key: number;
  /** What became of this item: the numbers of all that were merged into it. */
  readonly history: readonly number[];
}

const operation = fc.record({
  kind: fc.constantFrom('push', 'push', 'push', 'shift', 'clear' as const),
  key: fc.nat(4),
  cancels: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
});

/** The rules again, on a plain list. */
class ListQueue {
  items: Item[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(item: Item, cancels: boolean): void {
    const place = this.items.findLastIndex(({ key }) => key === item.key);
    const held = this.items[place];
    if (held !== undefined && this.items.length >= this.#limit) {
      this.items.splice(place, 1);
      if (!cancels) this.items.push({ key: item.key, history: [...held.history, ...item.history] });
    } else this.items.push(item);
  }
}

describe('the queue of a receiver', () => {
  it('gives what a plain list with its rules would give', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(operation, { maxLength: 100 }), (limit, operations) => {
        let cancels = false;
        const queue = new CoalescingQueue<Item>(limit, {
          keyOf: item => item.key,
          merge: (held, next) => (cancels ? null : { key: next.key, history: [...held.history, ...next.history] }),
        });
        const model = new ListQueue(limit);
        const take = () => expect(queue.shift()).toEqual(model.items.shift());
        for (const [number, { kind, key, cancels: cancel }] of operations.entries()) {
          cancels = cancel;
          if (kind === 'shift') take();
          else if (kind === 'clear') {
            queue.clear();
            model.items = [];
          } else {
            queue.push({ key, history: [number] });
            model.push({ key, history: [number] }, cancel);
          }
          expect(queue.hasLike({ key, history: [] })).toBe(model.items.some(item => item.key === key));
          expect(model.items.length).toBeLessThanOrEqual(limit + 5);
        }
        while (model.items.length > 0) take();
        take();
      }),
    );
  });

  it('still knows an earlier item when the last one about the same thing was cancelled', () => {
    const merges = [null, 'a3'];
    const queue = new CoalescingQueue<string>(2, { keyOf: item => item[0], merge: () => merges.shift() ?? null });
    for (const item of ['a1', 'a2', 'a, which cancels a2', 'b', 'a, which is merged with a1']) queue.push(item);
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['b', 'a3', undefined]);
  });

  it('stays fast when it holds very many', () => {
    const queue = new CoalescingQueue<Item>(50, { keyOf: ({ key }) => key, merge: (_, next) => next });
    for (let key = 0; key < 200_000; key++) queue.push({ key, history: [] });
    let taken = 0;
    while (queue.shift() !== undefined) taken += 1;
    expect(taken).toBe(200_000);
  });
});
