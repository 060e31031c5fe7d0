import { sourceLogic } from '../../machines/actors/sourceLogic.js';
import { type StoreOptions, storeLogic } from '../../machines/actors/storeLogic.js';
import { type TimerOptions, timerLogic } from '../../machines/actors/timerLogic.js';
import type { Clock } from '../../machines/protocol/clock.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import type { OpenTransport, Transport } from '../../machines/protocol/transport.js';
import type { ServiceReader } from '../client/serviceReader.js';
import { consoleLogger, type Logger } from '../logger.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import { clientTransport } from './clientTransport.js';
import { guarded, guardedLogger } from './guarded.js';
import { logProblem } from './problems.js';
import { systemClock } from './systemClock.js';

/** Options of `dispatcherActors`, but for the connection to the service. */
export interface ActorsSettings {
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
}

/** What {@link actorsOf} makes the actors of. */
interface ActorsSetup extends ActorsSettings {
  readonly transport: Transport | (() => OpenTransport);
  /** Uses the time in which nothing is due. */
  readonly useSpareTime?: TimerOptions['useSpareTime'];
}

/** Creates the actors that connect a `dispatcherMachine` to service, clock and store. */
export function actorsOf(setup: ActorsSetup) {
  const { transport, clock = systemClock, store, logger = consoleLogger, useSpareTime } = setup;
  const { warn } = guardedLogger(logger);
  const log = (problem: DispatchError, ofMicrogrid?: number) => logProblem(warn, problem, ofMicrogrid);
  const { onStoreClosed = (problem?: DispatchError) => problem && log(problem) } = setup;
  const onClosed = guarded(onStoreClosed, cause => {
    log(new DispatchError('CONSUMER_FAILED', `onStoreClosed failed: ${messageOf(cause)}`, { cause }));
  });
  return {
    source: sourceLogic({ transport, clock, onUnheardProblem: log }),
    timer: timerLogic({ clock, useSpareTime }),
    ...(store && { store: storeLogic({ store, clock, onClosed }) }),
  };
}

/**
 * Returns a function that opens a client of its own for each dispatcher.
 *
 * @throws what `connect` throws: wrong options are refused here, where they are given, not when a machine starts.
 */
export function openingClients(connect: () => ServiceReader, clock: Clock = systemClock): () => OpenTransport {
  const open = () => {
    const client = connect();
    return { ...clientTransport(client, clock), close: () => client.close() };
  };
  open().close();
  return open;
}
