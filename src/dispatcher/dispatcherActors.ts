import { sourceLogic } from '../../machines/actors/sourceLogic.js';
import { type StoreOptions, storeLogic } from '../../machines/actors/storeLogic.js';
import { timerLogic } from '../../machines/actors/timerLogic.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import type { OpenTransport, Transport } from '../../machines/protocol/transport.js';
import { DispatchClient, type DispatchClientOptions } from '../client/dispatchClient.js';
import { consoleLogger, type Logger } from '../logger.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import { outsideTraces } from '../telemetry/outsideTraces.js';
import { clientTransport } from './clientTransport.js';
import type { OwnTransport } from './dispatcherOptions.js';
import { guarded, guardedLogger } from './guarded.js';
import { logProblem } from './problems.js';
import { systemClock } from './systemClock.js';
import { processWarmUp } from './warmUp.js';

/** Options of {@link dispatcherActors}: the connection to the service, and the rest. */
export type DispatcherActorsOptions = (DispatchClientOptions | OwnTransport) & {
  /** Source of time. @default the clock of this computer */
  readonly clock?: Clock | undefined;
  /** Keeps what is needed to restart without a network, such as `sqliteStore(path)`. @default nothing is kept */
  readonly store?: DispatcherStore | undefined;
  /**
   * Called when a dispatcher that was stopped has written and closed its store, with the problem of that if there was one.
   * @default logs the problem
   */
  readonly onStoreClosed?: StoreOptions['onClosed'] | undefined;
  /**
   * Gets the problems that nobody handles: no listener of the dispatcher, and no transition of the machine that invoked it in its
   * present state. @default the console
   */
  readonly logger?: Logger | undefined;
  /**
   * Whether to optimise the code of notifications in advance, once per process, so that the first burst is as fast as later ones. It
   * happens in slices of 4 ms while nothing is due for a second, and takes about one second of processor time.
   *
   * @default true with the system clock; always false with another one
   */
  readonly warmUp?: boolean | undefined;
};

/**
 * Creates the actors that connect a `dispatcherMachine` to service, clock and store:
 * `dispatcherMachine.provide({ actors: dispatcherActors({ address }) })`.
 *
 * Each dispatcher opens a client of its own when it starts and closes it when it stops, also when it was restored from a snapshot. To
 * share a client, which you then close yourself, pass `transport: clientTransport(client)`.
 *
 * @throws DispatchError `INVALID_ARGUMENT` when the address is wrong or a file that it names cannot be read.
 */
export function dispatcherActors(options: DispatcherActorsOptions) {
  const { clock = systemClock, store, logger = consoleLogger, warmUp = true } = options;
  const { warn } = guardedLogger(logger);
  const log = (problem: DispatchError, ofMicrogrid?: number) => logProblem(warn, problem, ofMicrogrid);
  const { onStoreClosed = (problem?: DispatchError) => problem && log(problem) } = options;
  const onClosed = guarded(onStoreClosed, cause => {
    log(new DispatchError('CONSUMER_FAILED', `onStoreClosed failed: ${messageOf(cause)}`, { cause }));
  });
  return {
    source: sourceLogic({ transport: wayToService(options, clock), clock, onUnheardProblem: log }),
    timer: timerLogic({ clock, ...(warmUp && clock === systemClock && { useSpareTime: processWarmUp.use }) }),
    ...(store && { store: storeLogic({ store, clock, onClosed }) }),
  };
}

function wayToService(options: DispatchClientOptions | OwnTransport, clock: Clock): Transport | (() => OpenTransport) {
  if ('transport' in options) return options.transport;
  const open = () => {
    const client = new DispatchClient(options);
    return { ...outsideTraces(clientTransport(client, clock)), close: () => client.close() };
  };
  // Wrong options are refused here, where they are given, not when a machine starts.
  open().close();
  return open;
}
