import { openWay, ServiceReader } from '../client/serviceReader.js';
import { type ActorsSettings, actorsOf, openingClients } from '../dispatcher/actorsOf.js';
import type { OwnTransport } from '../dispatcher/dispatcherOptions.js';
import type { DispatchClientOptions } from './dispatchClient.js';
import { httpWay } from './httpConnection.js';

/** Options of {@link dispatcherActors}: the connection to the service, and the rest. */
export type DispatcherActorsOptions = (DispatchClientOptions | OwnTransport) & ActorsSettings;

/**
 * Creates the actors that connect a `dispatcherMachine` to service, clock and store:
 * `dispatcherMachine.provide({ actors: dispatcherActors({ url }) })`.
 *
 * Each dispatcher opens a client of its own when it starts and closes it when it stops, also when it was restored from a snapshot. To
 * share a client, which you then close yourself, pass `transport: clientTransport(client)`.
 *
 * @throws DispatchError of {@link DispatchClient} when an option of the connection is wrong.
 */
export function dispatcherActors(options: DispatcherActorsOptions) {
  const transport =
    'transport' in options
      ? options.transport
      : openingClients(() => new ServiceReader(openWay(options, {}, () => httpWay(options))), options.clock);
  return actorsOf({ ...options, transport });
}
