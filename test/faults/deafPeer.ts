import { setTimeout as pause } from 'node:timers/promises';
import { Status } from 'nice-grpc-common';
import { Dispatch } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { changeOf, creation } from '../support/dispatchRow.js';
import { memoryUsed } from '../support/memory.js';
import { rawClient } from '../support/rawService.js';
import { serveStore } from '../support/serveStore.js';
import type { StorePlace } from '../support/stores.js';

/** What a run came to. */
export interface DeafReport {
  /** Changes that the others got, each. */
  readonly received: number;
  /** Changes that the peer got once it read. */
  readonly receivedLate: number;
  /** What the process held more at the end than at the beginning. */
  readonly grownBytes: number;
}

const TOGETHER = 100;
/** How far those that read may be behind: less than what their streams hold, however slow the machine is. */
const MAX_BEHIND = 500;
const PAYLOAD = { text: 'x'.repeat(1_000) };

/**
 * Makes changes of a kilobyte to one dispatch while a peer has opened a stream and reads nothing, and others read. The
 * others must get all of them, in order; the peer, when it reads in the end, some from the beginning and RESOURCE_EXHAUSTED.
 *
 * @throws Error with what is wrong.
 */
export async function ignoreChanges(place: StorePlace, changes: number): Promise<DeafReport> {
  const store = await place.open();
  const served = await serveStore(store);
  const [deaf, peer] = [rawClient(served), rawClient(served)];
  try {
    const { dispatch } = await store.apply(1, creation({ message: message(0) }));
    const id = dispatch?.id ?? 0;
    const open = async ({ client }: typeof peer) => {
      let opened: () => void = () => {};
      const headers = new Promise<void>(resolve => {
        opened = resolve;
      });
      const responses = client.streamMicrogridDispatches({ microgridId: 1n }, { onHeader: () => opened() });
      const iterator = responses[Symbol.asyncIterator]();
      const first = iterator.next();
      first.catch(() => {});
      await headers;
      return { first, iterator };
    };
    const ignored = await open(deaf);
    const read = await Promise.all(Array.from({ length: 3 }, () => open(peer)));

    const counts = read.map(() => 0);
    const reading = read.map(async ({ first, iterator }, reader) => {
      let result = await first;
      for (let count = 1; ; count += 1) {
        const seen = result.done ? null : result.value.dispatch?.metadata?.dispatchId;
        if (seen !== BigInt(count)) throw new Error(`change ${seen} came in place of ${count}`);
        counts[reader] = count;
        if (count === changes) return count;
        result = await iterator.next();
      }
    });
    const all = Promise.all(reading);
    let failed = false;
    all.catch(() => {
      failed = true;
    });
    const nearlyRead = async (count: number) => {
      while (!failed && Math.min(...counts) < count - MAX_BEHIND) await pause(1);
    };
    let before = 0;
    for (let from = 1; from <= changes && !failed; from += TOGETHER) {
      const together = Array.from({ length: Math.min(TOGETHER, changes - from + 1) }, (_, index) =>
        store.apply(1, changeOf(id, 'updated', { message: message(from + index) })),
      );
      await Promise.all(together);
      await nearlyRead(from);
      // What the program costs once, and what a stream may hold, is there after a tenth.
      if (before === 0 && from >= changes / 10) before = memoryUsed();
    }
    const [received = 0] = await all;
    const grownBytes = memoryUsed() - before;
    return { received, receivedLate: await readLate(ignored), grownBytes };
  } finally {
    deaf.channel.close();
    peer.channel.close();
    await served.stop();
    await store.close();
  }
}

type Responses = { readonly first: Promise<IteratorResult<unknown>>; readonly iterator: AsyncIterator<unknown> };

async function readLate({ first, iterator }: Responses): Promise<number> {
  let count = 0;
  try {
    for (let result = await first; !result.done; result = await iterator.next()) count += 1;
  } catch (error) {
    if ((error as { code?: unknown }).code === Status.RESOURCE_EXHAUSTED) return count;
    throw error;
  }
  throw new Error('the stream of the peer that did not read ended without an error');
}

/** The number of the change takes the place of the id. */
function message(count: number): Uint8Array {
  return Dispatch.encode(
    Dispatch.fromPartial({ metadata: { dispatchId: BigInt(count) }, data: { payload: PAYLOAD } }),
  ).finish();
}
