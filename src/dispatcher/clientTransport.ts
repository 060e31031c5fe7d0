import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatchChange, DispatchWatch, Transport } from '../../machines/protocol/transport.js';
import type { DispatchClient } from '../client/dispatchClient.js';
import { DispatchError } from '../model/dispatchError.js';
import { systemClock } from './systemClock.js';

/** The largest pages that services allow: fewer calls for a list. */
const pageSize = 1_000;

/** Interval of lists when the service has no stream. */
const pollIntervalMs = 30_000;

/**
 * A transport that uses a client. Once the service has answered that it does not implement streams (`UNIMPLEMENTED`), all dispatches
 * are listed every 30 seconds instead.
 *
 * @param clock Clock for the interval of lists. @default the clock of this computer
 */
export function clientTransport(client: DispatchClient, clock: Clock = systemClock): Transport {
  let hasStream = true;
  return {
    // A failure is told at once: the dispatcher connects and lists again by itself.
    list: ({ microgridId, endFromMs, signal }) =>
      client.forMicrogrid(microgridId).listPages({ endFrom: new Date(endFromMs), pageSize, signal, retry: false }),
    watch: ({ microgridId, signal }) => {
      if (!hasStream) return silentWatch(clock, signal);
      const watch = client.forMicrogrid(microgridId).watchRecords({ signal });
      return {
        opened: watch.opened,
        [Symbol.asyncIterator]: () =>
          noticingNoStream(watch, () => {
            hasStream = false;
          }),
      };
    },
  };
}

async function* noticingNoStream(watch: DispatchWatch, onNoStream: () => void): AsyncGenerator<DispatchChange> {
  try {
    yield* watch;
  } catch (error) {
    if (error instanceof DispatchError && error.code === 'UNIMPLEMENTED') onNoStream();
    throw error;
  }
}

/** A stream without events that reaches its deadline: opening another one lists again. */
function silentWatch(clock: Clock, signal: AbortSignal): DispatchWatch {
  return {
    opened: Promise.resolve(),
    async *[Symbol.asyncIterator]() {
      await new Promise<void>(resolve => {
        const undo = clock.setTimer(resolve, pollIntervalMs);
        const end = () => {
          undo();
          resolve();
        };
        signal.addEventListener('abort', end, { once: true });
      });
      throw new DispatchError('DEADLINE_EXCEEDED', 'it is time to list again');
    },
  };
}
