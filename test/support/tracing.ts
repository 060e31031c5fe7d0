import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** Spans of the real SDK, of everything in this process, until it is disposed of. */
export interface Tracing extends Disposable {
  /** The spans that have ended since the last call, in the order of their ends. */
  take(): ReadableSpan[];
  /** Runs something in a span of the program. */
  within<T>(name: string, run: () => Promise<T>): Promise<T>;
}

/** Traces with the real SDK, with the context manager and the propagator of Node.js programs. */
export function tracing(): Tracing {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const isFirst = trace.setGlobalTracerProvider(provider);
  if (!isFirst) throw new Error('a test has left its tracer provider');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    take: () => {
      const spans = exporter.getFinishedSpans();
      exporter.reset();
      return spans;
    },
    within: (name, run) =>
      trace.getTracer('test').startActiveSpan(name, async span => {
        try {
          return await run();
        } finally {
          span.end();
        }
      }),
    [Symbol.dispose]: () => {
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

/** A span in words: its kind, its method without the service, and its status. */
export function inWords({ kind, name, attributes }: ReadableSpan): string {
  return `${SpanKind[kind]} ${name.slice(name.lastIndexOf('/') + 1)} ${attributes['rpc.response.status_code'] ?? ''}`.trim();
}
