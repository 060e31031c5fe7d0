import { clientTransport } from '../dispatcher/clientTransport.js';
import type { DispatcherSettings, OwnTransport } from '../dispatcher/dispatcherOptions.js';
import { MicrogridDispatcher } from '../dispatcher/microgridDispatcher.js';
import { DispatchClient, type DispatchClientOptions } from './dispatchClient.js';

/** Options of a {@link Dispatcher}: the connection to the service, and the rest. */
export type DispatcherOptions = (DispatchClientOptions | OwnTransport) & DispatcherSettings;

/**
 * Keeps the dispatches of one microgrid in sync with the dispatch service over HTTP, and tells programs when each dispatch starts, must be
 * reconfigured, or stops.
 *
 * A dispatcher is started once and stopped once. `stop`, the end of its `actor` and the failure of a part all end it in the same way.
 */
export class Dispatcher extends MicrogridDispatcher {
  /**
   * @throws RangeError when the microgrid id is invalid.
   * @throws DispatchError of {@link DispatchClient} when an option of the connection is wrong.
   */
  constructor(options: DispatcherOptions) {
    super(options, clock => {
      if ('transport' in options) return { transport: options.transport, client: undefined };
      const client = new DispatchClient(options);
      return { transport: clientTransport(client, clock), client };
    });
  }
}
