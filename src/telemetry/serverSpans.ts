import type { Metadata } from '@grpc/grpc-js';
import type { TextMapGetter } from '@opentelemetry/api';
import { Status } from 'nice-grpc-common';
import { harmless, openTelemetry } from './openTelemetry.js';
import { endRpcSpan, startRpcSpan } from './rpcSpan.js';
import type { TraceCall } from './serverTrace.js';

const getter: TextMapGetter<Metadata> = {
  get: (metadata, name) => {
    const [value] = metadata.get(name);
    return typeof value === 'string' ? value : undefined;
  },
  keys: metadata => Object.keys(metadata.getMap()),
};

/** The statuses that are failures of a service (`docs/rpc/grpc.md` of the semantic conventions); others are those of its callers. */
const failures: ReadonlySet<Status> = new Set([
  Status.UNKNOWN,
  Status.DEADLINE_EXCEEDED,
  Status.UNIMPLEMENTED,
  Status.INTERNAL,
  Status.UNAVAILABLE,
  Status.DATA_LOSS,
]);

/**
 * Traces a call that is served: one span of kind SERVER, a child of the span whose trace came in the metadata. The span of a stream covers its opening.
 * Health checks and reflection are not traced.
 */
export const serverSpans: TraceCall = (path, { metadata, peer }) => {
  if (path.startsWith('/grpc.')) return undefined;
  const api = openTelemetry();
  if (api === undefined) return undefined;
  const parent = harmless(api, () => api.propagation.extract(api.ROOT_CONTEXT, metadata, getter)) ?? api.ROOT_CONTEXT;
  const started = startRpcSpan(api, { kind: api.SpanKind.SERVER, path, attributes: clientOf(peer), parent });
  if (started === undefined) return undefined;
  let hasEnded = false;
  return {
    within: handler => api.context.with(started.context, handler),
    end: ({ status, reason = '' }) => {
      if (hasEnded) return;
      hasEnded = true;
      const name = Status[status] ?? 'UNKNOWN';
      const error = failures.has(status) ? { type: name, message: reason } : undefined;
      endRpcSpan(api, started, { status: name, error });
    },
  };
};

/** @param peer Such as `127.0.0.1:40000`. */
function clientOf(peer: string) {
  const [, host = peer, port] = /^(.*):(\d+)$/.exec(peer) ?? [];
  return { 'client.address': host, ...(port !== undefined && { 'client.port': Number(port) }) };
}
