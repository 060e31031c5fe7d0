import { once } from 'node:events';
import { createServer } from 'node:net';

import { type Logger, silentLogger } from '../logger.js';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import type { ListenAddress } from './access/listenAddress.js';
import { loadAccessControl } from './access/loadAccessControl.js';
import { serviceSettings } from './serviceSettings.js';
import type { DispatchServiceOptions } from './startDispatchService.js';
import { checkStore } from './store/openStore.js';

/** What was looked at of a service that could be started. */
export interface ServiceCheck {
  readonly what: string;
  /** Why the service could not be started; null: it could. */
  readonly problem: DispatchError | null;
  /** What the service would warn of. */
  readonly warnings: readonly string[];
}

/**
 * Checks whether a service with these options could be started now: keys and certificates, ports, and the database. It serves nobody, and
 * changes neither files nor database.
 *
 * @throws DispatchError INVALID_ARGUMENT when an option is wrong.
 */
export async function checkDispatchService(options: DispatchServiceOptions): Promise<ServiceCheck[]> {
  const { database = ':memory:', logger = silentLogger } = options;
  const { place, metricsPlace, webPlace } = serviceSettings(options);
  const access = async (warnings: string[]) => {
    const warn: Logger['warn'] = (fields, message) => {
      warnings.push(message);
      logger.warn(fields, message);
    };
    const places = { listen: place, 'web.listen': webPlace };
    await (await loadAccessControl(options, places, { ...logger, warn })).close();
  };
  return [
    await checked('keys and certificates', access),
    await checked(`listening on ${place.text}`, () => checkPort(place)),
    ...(metricsPlace ? [await checked(`listening on ${metricsPlace.text}`, () => checkPort(metricsPlace))] : []),
    ...(webPlace ? [await checked(`listening on ${webPlace.text} for HTTP`, () => checkPort(webPlace))] : []),
    await checked('the database', () => checkStore(database)),
  ];
}

async function checked(what: string, check: (warnings: string[]) => Promise<void>): Promise<ServiceCheck> {
  const warnings: string[] = [];
  try {
    await check(warnings);
    return { what, problem: null, warnings };
  } catch (error) {
    return { what, problem: DispatchError.from(error), warnings };
  }
}

/** Listens for a moment, and takes no connection. */
async function checkPort({ host, port }: ListenAddress): Promise<void> {
  const server = createServer(socket => socket.destroy());
  try {
    await once(server.listen(port, host.replace(/^\[|\]$/g, '')), 'listening');
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new DispatchError('UNAVAILABLE', isTaken ? 'the address is already in use' : messageOf(error), {
      cause: error,
    });
  }
  await once(server.close(), 'close');
}
