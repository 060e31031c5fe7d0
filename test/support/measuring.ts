import { metrics } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

/** Reads what was measured when a test asks. */
class ReaderOnDemand extends MetricReader {
  protected async onForceFlush() {}
  protected async onShutdown() {}
}

/** A point of a metric: its attributes, and a number or the values of a histogram. */
interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

const kinds: Partial<Record<DataPointType, string>> = {
  [DataPointType.HISTOGRAM]: 'histogram',
  [DataPointType.GAUGE]: 'gauge',
  [DataPointType.SUM]: 'counter',
};

/** Metrics of the real SDK. */
export interface Measuring extends Disposable {
  /** The points of a metric as of now, in words such as `dispatcher.microgrid.id=1: 3`; a histogram as its count and its sum. */
  of(name: string): Promise<string[]>;
  /** The metrics as of now: name and kind, and the unit of those in seconds. */
  names(): Promise<string[]>;
  readonly provider: MeterProvider;
}

/** Measures with the real SDK; with `isGlobal` for everything in this process, until it is disposed of. */
export function measuring({ isGlobal = true, temporality = AggregationTemporality.CUMULATIVE } = {}): Measuring {
  const reader = new ReaderOnDemand({ aggregationTemporalitySelector: () => temporality });
  const provider = new MeterProvider({ readers: [reader] });
  if (isGlobal && !metrics.setGlobalMeterProvider(provider)) throw new Error('a test has left its meter provider');
  const collect = async () => {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw errors[0];
    return resourceMetrics.scopeMetrics.flatMap(scope => scope.metrics);
  };
  return {
    provider,
    of: async name => {
      const metric = (await collect()).find(({ descriptor }) => descriptor.name === name);
      return ((metric?.dataPoints ?? []) as readonly Point[]).map(inWords).sort();
    },
    names: async () => {
      const metrics = await collect();
      return metrics
        .map(
          ({ descriptor: { name, unit }, dataPointType }) =>
            `${name} ${kinds[dataPointType]}${unit === 's' ? ', s' : ''}`,
        )
        .sort();
    },
    [Symbol.dispose]: () => {
      if (isGlobal) metrics.disable();
    },
  };
}

function inWords({ attributes, value }: Point): string {
  const of = Object.entries(attributes).map(([name, attribute]) => `${name}=${attribute}`);
  if (typeof value !== 'object' || value === null) return `${of.join(' ')}: ${value}`;
  const { count, sum } = value as { count: number; sum: number };
  return `${of.join(' ')}: ${count} of ${Math.round(sum * 1000) / 1000}`;
}
