import type { TextMapSetter } from '@opentelemetry/api';
import { ClientError, type Metadata, Status } from 'nice-grpc-common';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import type { TraceCall } from './clientTrace.js';
import { harmless, openTelemetry } from './openTelemetry.js';
import { endRpcSpan, type RpcEnd, startRpcSpan } from './rpcSpan.js';

/** Where a client sends its calls. */
export interface RpcServer {
  readonly host: string;
  readonly port?: number | undefined;
}

const setter: TextMapSetter<Metadata> = {
  set: (metadata, name, value) => {
    // What gRPC would refuse must not make the call fail.
    if (!name.endsWith('-bin') && /^[ -~]*$/.test(value)) metadata.set(name, value);
  },
};

/**
 * Traces the calls of a client: one span of kind CLIENT for a call with all its attempts, each of which carries the same trace, so that the service's
 * spans of the attempts are its children; a failed attempt is an event of the span. The span of a stream covers its opening.
 */
export function clientSpans({ host, port }: RpcServer): TraceCall {
  const attributes = { 'server.address': host, ...(port !== undefined && { 'server.port': port }) };
  return path => {
    const api = openTelemetry();
    if (api === undefined) return undefined;
    const started = startRpcSpan(api, { kind: api.SpanKind.CLIENT, path, attributes, parent: api.context.active() });
    if (started === undefined) return undefined;
    const { span, context } = started;
    let hasEnded = false;
    return {
      inject: metadata => harmless(api, () => api.propagation.inject(context, metadata, setter)),
      attemptFailed: error =>
        harmless(api, () => span.addEvent('attempt.failed', { 'rpc.response.status_code': statusOf(error) })),
      end: error => {
        if (hasEnded) return;
        hasEnded = true;
        endRpcSpan(api, started, error === undefined ? { status: 'OK' } : endOf(error));
      },
    };
  };
}

function endOf(error: unknown): RpcEnd {
  const type = error instanceof DispatchError ? error.code : error instanceof Error ? error.name : typeof error;
  return { status: statusOf(error), error: { type, message: messageOf(error) } };
}

/** The gRPC status of a failed call. Who aborts a call cancels it; a message that cannot be read came with OK. */
function statusOf(error: unknown): string {
  if (error instanceof ClientError) return Status[error.code] ?? 'UNKNOWN';
  if (!(error instanceof DispatchError) || error.code === 'STOPPED') return 'CANCELLED';
  return error.code in Status ? error.code : 'OK';
}
