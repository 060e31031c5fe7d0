import { dispatcherMetrics } from './dispatcherMetrics.js';
import type { ObserveDispatcher } from './dispatcherObserver.js';
import { meterOf, openTelemetry } from './openTelemetry.js';

/** Measures a dispatcher with the meter provider that the program has registered with OpenTelemetry, if there is one. */
export const observeDispatcher: ObserveDispatcher = dispatcher => {
  const api = openTelemetry();
  if (api === undefined) return undefined;
  const meter = meterOf(api.metrics.getMeterProvider());
  return meter === api.createNoopMeter() ? undefined : dispatcherMetrics(meter, dispatcher);
};
