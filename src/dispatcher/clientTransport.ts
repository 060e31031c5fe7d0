import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatchChange, DispatchWatch, StreamStart, Transport } from '../../machines/protocol/transport.js';
import { LostConnection } from '../client/lostConnection.js';
import type { ServiceReader } from '../client/serviceReader.js';
import { DispatchError } from '../model/dispatchError.js';
import { Polling } from './polling.js';
import { systemClock } from './systemClock.js';

/** The largest pages that services allow: fewer calls for a list. */
const pageSize = 1_000;

/** Interval of lists when the service has no stream. */
const pollIntervalMs = 30_000;

/** Number of streams in a row that could not be opened after which the connection is replaced. */
const maxLossesOfConnection = 5;

type WatchOptions = Parameters<Transport['watch']>[0];

interface ClientWatch extends DispatchWatch {
  readonly opened: Promise<StreamStart>;
}

/**
 * A transport that uses a client. When the service answers that it does not implement streams (`UNIMPLEMENTED`), all dispatches
 * are listed every 30 seconds instead, and the stream is tried again every minute for five minutes, then every hour. A connection on
 * which no stream can be opened several times in a row is replaced by a new one.
 *
 * @param clock Clock for the interval of lists. @default the clock of this computer
 */
export function clientTransport(client: ServiceReader, clock: Clock = systemClock): Transport {
  const polling = new Polling(clock);
  let lossCount = 0;
  /** Whether the service is one of this package: its lists are complete. */
  let isOwn = false;

  function openStream({ microgridId, signal, resumeAfter }: WatchOptions): ClientWatch {
    const watch = client.forMicrogrid(microgridId).watchRecords({ signal, resumeAfter });
    const beganMs = clock.monotonicMs();
    const opened = watch.opened.then(({ serverTimeMs, ...start }) => ({
      ...start,
      clockOffset: serverTimeMs === undefined ? undefined : clockOffset(serverTimeMs, clock, beganMs),
    }));
    opened.then(
      ({ position }) => {
        lossCount = 0;
        isOwn = position !== undefined;
      },
      error => {
        if (signal.aborted || !isLoss(error)) return;
        lossCount += 1;
        if (lossCount % maxLossesOfConnection === 0) client.renewConnection();
      },
    );
    return { opened, [Symbol.asyncIterator]: () => watch[Symbol.asyncIterator]() };
  }

  return {
    // A failure is told at once: the dispatcher connects and lists again by itself.
    list: ({ microgridId, endFromMs, signal }) =>
      client.forMicrogrid(microgridId).listPages({ endFrom: new Date(endFromMs), pageSize, signal, retry: false }),
    async *listByIds({ microgridId, ids, signal }) {
      if (!isOwn) yield* client.forMicrogrid(microgridId).listPages({ ids, pageSize, signal, retry: false });
    },
    watch: options => {
      const { signal } = options;
      if (!polling.triesStream) return silentWatch(clock, signal);
      const wasOn = polling.isOn;
      const watch = noticingNoStream(openStream(options), polling);
      return wasOn ? silentWithoutStream(watch, () => silence(clock, signal)) : watch;
    },
    isGracefulEnd: ({ code, cause }) => code === 'UNAVAILABLE' && !(cause instanceof LostConnection),
    connectedAnew: options => client.connectedAnew(options),
  };
}

/** The answer took some time: when in it the service looked at its clock is not known. */
function clockOffset(serverTimeMs: number, clock: Clock, beganMs: number) {
  const toleranceMs = (clock.monotonicMs() - beganMs) / 2;
  return { offsetMs: Math.round(serverTimeMs + toleranceMs - clock.nowMs()), toleranceMs };
}

function isLoss(error: unknown): boolean {
  return error instanceof DispatchError && (error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED');
}

function isMissing(error: unknown): boolean {
  return error instanceof DispatchError && error.code === 'UNIMPLEMENTED';
}

/** A stream that begins polling when the service does not implement it, and else ends it. */
function noticingNoStream(watch: ClientWatch, polling: Polling): ClientWatch {
  const note = (error: unknown): never => {
    if (isMissing(error)) polling.begin();
    throw error;
  };
  return {
    opened: watch.opened.then(start => {
      polling.end();
      return start;
    }, note),
    async *[Symbol.asyncIterator]() {
      try {
        yield* watch;
      } catch (error) {
        note(error);
      }
    },
  };
}

/** A stream that becomes a silent one when the service does still not implement it. */
function silentWithoutStream(watch: ClientWatch, silently: () => AsyncGenerator<DispatchChange>): ClientWatch {
  const polled = (error: unknown): StreamStart => {
    if (isMissing(error)) return { polling: true };
    throw error;
  };
  return {
    opened: watch.opened.catch(polled),
    async *[Symbol.asyncIterator]() {
      try {
        yield* watch;
      } catch (error) {
        if (!isMissing(error)) throw error;
        yield* silently();
      }
    },
  };
}

/** A stream without events that reaches its deadline: opening another one lists again. */
function silentWatch(clock: Clock, signal: AbortSignal): DispatchWatch {
  return { opened: Promise.resolve({ polling: true }), [Symbol.asyncIterator]: () => silence(clock, signal) };
}

async function* silence(clock: Clock, signal: AbortSignal): AsyncGenerator<never> {
  await new Promise<void>(resolve => {
    if (signal.aborted) return resolve();
    const undo = clock.setTimer(resolve, pollIntervalMs);
    const end = () => {
      undo();
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
  });
  throw new DispatchError('DEADLINE_EXCEEDED', 'it is time to list again');
}
