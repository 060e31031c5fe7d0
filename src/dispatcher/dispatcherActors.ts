import { DispatchClient, type DispatchClientOptions } from '../client/dispatchClient.js';
import { outsideTraces } from '../telemetry/outsideTraces.js';
import { type ActorsSettings, actorsOf, openingClients } from './actorsOf.js';
import type { OwnTransport, WarmUpOption } from './dispatcherOptions.js';
import { systemClock } from './systemClock.js';
import { spareTimeUse } from './warmUp.js';

/** Options of {@link dispatcherActors}: the connection to the service, and the rest. */
export type DispatcherActorsOptions = (DispatchClientOptions | OwnTransport) & ActorsSettings & WarmUpOption;

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
  const { clock = systemClock, warmUp } = options;
  return actorsOf({ ...options, transport: wayToService(options), useSpareTime: spareTimeUse(warmUp, clock) });
}

function wayToService(options: DispatcherActorsOptions) {
  if ('transport' in options) return options.transport;
  const open = openingClients(() => new DispatchClient(options), options.clock);
  return () => {
    const opened = open();
    return { ...outsideTraces(opened), close: opened.close };
  };
}
