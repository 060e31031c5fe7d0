import type { Attributes, Context, Span, SpanKind } from '@opentelemetry/api';
import { harmless, type OpenTelemetryApi, packageVersion, scopeName } from './openTelemetry.js';

/** The span of a call, and the context in which it is the active one. */
export interface RpcSpan {
  readonly span: Span;
  readonly context: Context;
}

/** How a call ended, in words of gRPC. */
export interface RpcEnd {
  /** Name of its status, such as `NOT_FOUND`. */
  readonly status: string;
  /** Undefined: it did not fail. */
  readonly error?: { readonly type: string; readonly message: string } | undefined;
}

/**
 * Starts the span of a call; undefined when no tracer provider is registered and no trace is to be continued.
 *
 * Names and attributes follow the conventions for gRPC (OpenTelemetry semantic conventions 1.45.0, `docs/rpc/grpc.md`): the path of the method
 * is the name of the span and `rpc.method`.
 *
 * @param path Path of its method, such as `/package.Service/Method`.
 * @param parent The context that it belongs to.
 */
export function startRpcSpan(
  api: OpenTelemetryApi,
  { kind, path, attributes, parent }: { kind: SpanKind; path: string; attributes: Attributes; parent: Context },
): RpcSpan | undefined {
  const method = path.slice(1);
  const common = { 'rpc.system.name': 'grpc', 'rpc.method': method };
  return harmless(api, () => {
    const tracer = api.trace.getTracer(scopeName, packageVersion());
    const span = tracer.startSpan(method, { kind, attributes: { ...common, ...attributes } }, parent);
    if (!api.isSpanContextValid(span.spanContext())) return undefined;
    return { span, context: api.trace.setSpan(parent, span) };
  });
}

/** Ends the span of a call. */
export function endRpcSpan(api: OpenTelemetryApi, { span }: RpcSpan, { status, error }: RpcEnd): void {
  harmless(api, () => {
    span.setAttribute('rpc.response.status_code', status);
    if (error !== undefined) {
      span.setAttribute('error.type', error.type);
      span.setStatus({ code: api.SpanStatusCode.ERROR, message: error.message });
    }
    span.end();
  });
}
