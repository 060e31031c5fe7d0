import { DispatchClient, type DispatchClientOptions } from '../client/dispatchClient.js';
import type { ObserveDispatcher } from '../telemetry/dispatcherObserver.js';
import { observeDispatcher } from '../telemetry/observeDispatcher.js';
import { outsideTraces } from '../telemetry/outsideTraces.js';
import { clientTransport } from './clientTransport.js';
import type { DispatcherSettings, OwnTransport, WarmUpOption } from './dispatcherOptions.js';
import { MicrogridDispatcher } from './microgridDispatcher.js';
import { spareTimeUse } from './warmUp.js';

/** Options of a {@link Dispatcher}: the connection to the service, and the rest. */
export type DispatcherOptions = (DispatchClientOptions | OwnTransport) & DispatcherSettings & WarmUpOption;

/**
 * Keeps the dispatches of one microgrid in sync with the dispatch service, and tells programs when each dispatch starts, must be
 * reconfigured, or stops.
 *
 * A dispatcher is started once and stopped once. `stop`, the end of its `actor` and the failure of a part all end it in the same way.
 */
export class Dispatcher extends MicrogridDispatcher {
  /**
   * @param observe Called at the start. @default metrics of OpenTelemetry, if the program has set that up
   * @throws RangeError when the microgrid id is invalid.
   * @throws DispatchError `INVALID_ARGUMENT` when an option of the connection is wrong.
   */
  constructor(options: DispatcherOptions, observe: ObserveDispatcher = observeDispatcher) {
    super(options, clock => {
      const useSpareTime = spareTimeUse(options.warmUp, clock);
      if ('transport' in options) return { transport: options.transport, client: undefined, observe, useSpareTime };
      const client = new DispatchClient(options);
      return { transport: outsideTraces(clientTransport(client, clock)), client, observe, useSpareTime };
    });
  }
}
