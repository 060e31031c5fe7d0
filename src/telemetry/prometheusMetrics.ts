import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { dispatcherMetrics } from './dispatcherMetrics.js';
import type { ObserveDispatcher } from './dispatcherObserver.js';
import { meterOf } from './openTelemetry.js';

/** Metrics of dispatchers for Prometheus, apart from those of the rest of the program. */
export interface PrometheusMetrics {
  /** Measures a dispatcher. */
  readonly observe: ObserveDispatcher;
  /** The present metrics in the text format of Prometheus. */
  text(): Promise<string>;
  /** Content type of the text. */
  readonly contentType: string;
}

/** Begins to measure. Needs packages that are optional to install: import this module by `loadOptional`. */
export function prometheusMetrics(): PrometheusMetrics {
  // It only reads; whoever asks for the text serves it.
  const reader = new PrometheusExporter({ preventServerStart: true });
  const meter = meterOf(new MeterProvider({ readers: [reader] }));
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    observe: dispatcher => dispatcherMetrics(meter, dispatcher),
    text: async () => {
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0) throw errors[0];
      return serializer.serialize(resourceMetrics);
    },
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
  };
}
