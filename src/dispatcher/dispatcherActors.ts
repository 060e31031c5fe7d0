import { sourceLogic } from '../../machines/actors/sourceLogic.js';
import { type StoreOptions, storeLogic } from '../../machines/actors/storeLogic.js';
import { timerLogic } from '../../machines/actors/timerLogic.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import type { OpenTransport, Transport } from '../../machines/protocol/transport.js';
import { DispatchClient, type DispatchClientOptions } from '../client/dispatchClient.js';
import { consoleLogger, type Logger } from '../logger.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import { clientTransport } from './clientTransport.js';
import type { OwnTransport } from './dispatcherOptions.js';
import { systemClock } from './systemClock.js';
import { processWarmUp } from './warmUp.js';

/** Options of {@link dispatcherActors}: how to reach the service, and by which clock. */
export type DispatcherActorsOptions = (DispatchClientOptions | OwnTransport) & {
  /** @default the clock of this computer */
  readonly clock?: Clock;
  /** What it needs to restart without a network, such as `sqliteStore(path)`. @default nothing is kept */
  readonly store?: DispatcherStore | undefined;
  /**
   * Called when a dispatcher that was stopped has written and closed its store, with what went wrong in that, if something
   * did. @default logs the problem
   */
  readonly onStoreClosed?: StoreOptions['onClosed'] | undefined;
  /**
   * Hears of problems that nobody takes: no listener of the dispatcher, and no transition of the machine that invoked it in the state
   * that it is in. @default the console
   */
  readonly logger?: Logger | undefined;
  /**
   * Whether what the first burst of notifications goes through is compiled while nothing is due, so that the first burst is as
   * fast as later ones; once in each process. Takes about half a second of processor time.
   *
   * @default true with the clock of this computer; with another one it never is
   */
  readonly warmUp?: boolean | undefined;
};

/**
 * The actors that a `dispatcherMachine` needs of the outside: `dispatcherMachine.provide({ actors: dispatcherActors({ address }) })`.
 *
 * Each dispatcher that runs with them opens a client of its own when it starts and closes it when it stops, also when it was
 * restored from a snapshot. To share a client, which you then close yourself, pass `transport: clientTransport(client)`.
 *
 * @throws DispatchError `INVALID_ARGUMENT` when the address is wrong or a file that it names cannot be read.
 */
export function dispatcherActors(options: DispatcherActorsOptions) {
  const { clock = systemClock, store, logger = consoleLogger, warmUp = true } = options;
  const log = (problem: DispatchError) => attempt(() => logProblem(logger, problem));
  const {
    onStoreClosed = problem => {
      if (problem !== undefined) log(problem);
    },
  } = options;
  const onClosed: StoreOptions['onClosed'] = problem =>
    attempt(
      () => onStoreClosed(problem),
      cause => {
        const message = `onStoreClosed failed: ${messageOf(cause)}`;
        log(new DispatchError('CONSUMER_FAILED', message, { cause }));
      },
    );
  return {
    source: sourceLogic({ transport: wayToService(options, clock), clock, onUnheardProblem: log }),
    timer: timerLogic({ clock, ...(warmUp && clock === systemClock && { useSpareTime: processWarmUp.use }) }),
    ...(store && { store: storeLogic({ store, clock, onClosed }) }),
  };
}

/** Calls what belongs to the user. A logger that throws has nobody to tell of it. */
function attempt(callback: () => void, onFailure: (cause: unknown) => void = () => {}): void {
  try {
    callback();
  } catch (cause) {
    onFailure(cause);
  }
}

function logProblem(logger: Logger, { code, microgridId, dispatchId, message }: DispatchError): void {
  logger.warn({ code, microgridId, dispatchId }, message);
}

function wayToService(options: DispatchClientOptions | OwnTransport, clock: Clock): Transport | (() => OpenTransport) {
  if ('transport' in options) return options.transport;
  const open = () => {
    const client = new DispatchClient(options);
    return { ...clientTransport(client, clock), close: () => client.close() };
  };
  // Wrong options are refused here, where they are given, not when a machine starts.
  open().close();
  return open;
}
