import type { CallOptions, ClientMiddleware, Metadata } from 'nice-grpc-common';
import { ClientError, Status } from '../client/grpcCommon.js';
import { LostConnection } from '../client/lostConnection.js';

/** How nice-grpc-web begins the details of what went wrong with `fetch`. */
const TRANSPORT_ERROR = /^Transport error: (?:.*Received HTTP (?<status>\d+) response: )?(?<reason>.*)/s;
/** What it says of a response that ended before its status. */
const WITHOUT_STATUS = 'Response stream closed without gRPC status';

/** Options of {@link reportLostResponses}. */
export interface LostResponsesOptions {
  /** URL of the service, for messages. */
  readonly url: string;
  /** Begins an exchange; returns the signal that cuts it, with the reason, and what ends it. */
  readonly begin: (isStream: boolean) => { readonly cut: AbortSignal; readonly end: (lost: boolean) => void };
}

/**
 * The middleware that reports each lost connection as `UNAVAILABLE`: a service that cannot be reached, a response that was cut, and the
 * answer of something between here and the service, such as the 404 of a proxy or a login page. Only a gRPC status is an answer of the
 * service to a call.
 */
export function reportLostResponses({ url, begin }: LostResponsesOptions): ClientMiddleware {
  return async function* reported(call, options: CallOptions) {
    const { cut, end } = begin(call.method.responseStream);
    const signal = options.signal === undefined ? cut : AbortSignal.any([options.signal, cut]);
    let contentType: string | undefined;
    const onHeader = (header: Metadata) => {
      contentType = header.get('content-type') ?? '';
      if (isGrpcWeb(contentType)) options.onHeader?.(header);
    };
    let isLost = false;
    try {
      return yield* call.next(call.request, { ...options, signal, onHeader });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      const loss = cut.aborted ? String(cut.reason) : lossOf(error, contentType, url);
      if (loss === null) throw error;
      isLost = true;
      throw new LostConnection(call.method.path, Status.UNAVAILABLE, loss);
    } finally {
      end(isLost);
    }
  };
}

/** What happened to the response of a failed call; null: the service itself has answered. */
function lossOf(error: unknown, contentType: string | undefined, url: string): string | null {
  if (!(error instanceof ClientError)) return null;
  const { status, reason } = TRANSPORT_ERROR.exec(error.details)?.groups ?? {};
  if (status !== undefined) {
    const refusal = refusalIn(reason, contentType);
    if (refusal !== null) return `the service refused the request, with HTTP status ${status}: ${refusal}`;
    return `${somethingElse(`HTTP status ${status}`)}${saidIn(reason, contentType)}`;
  }
  if (contentType !== undefined && !isGrpcWeb(contentType)) return somethingElse(`content of type ${contentType}`);
  if (error.details.startsWith(WITHOUT_STATUS)) return 'the connection ended during the call';
  if (reason === undefined) return null;
  if (contentType !== undefined) return `the connection ended during the call (${reason})`;
  return `no connection to ${url} (${reason})${hintOf(url)}`;
}

function somethingElse(what: string): string {
  return `${what}, not from the service`;
}

/** Why a service refuses what is no call, such as a request below a path where it has no methods; null: others say this. */
function refusalIn(text: string | undefined, contentType: string | undefined): string | null {
  if (!text || !contentType?.startsWith('application/json')) return null;
  try {
    const { code, message } = JSON.parse(text) ?? {};
    return typeof code === 'string' && typeof message === 'string' ? message.slice(0, 400) : null;
  } catch {
    return null;
  }
}

/** What a text says; pages say little in many words. */
function saidIn(text: string | undefined, contentType: string | undefined): string {
  if (!text || !contentType?.startsWith('text/plain')) return '';
  return `: ${text.slice(0, 200).trim()}`;
}

function isGrpcWeb(contentType: string): boolean {
  return contentType.startsWith('application/grpc-web');
}

/** A page is not told why it could not connect. */
function hintOf(url: string): string {
  const { origin } = globalThis.location ?? {};
  if (origin === undefined || new URL(url).origin === origin) return '';
  return `; the service must be there, its certificate be trusted, and the origin ${origin} be allowed`;
}
