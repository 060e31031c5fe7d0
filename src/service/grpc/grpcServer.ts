import { promisify } from 'node:util';
import { Server, type ServerCredentials, type ServerInterceptor, type ServerOptions } from '@grpc/grpc-js';

import { HealthDefinition } from '../../../proto/gen/grpc/health/v1/health.js';
import { ServerReflectionDefinition } from '../../../proto/gen/grpc/reflection/v1/reflection.js';
import { OperationsDefinition } from '../../../proto/gen/xstate_dispatch/v1/operations.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { CallGate } from '../access/callGate.js';
import type { EffectiveLimits } from '../access/callLimits.js';
import { lineLimit } from '../operation/lineLimit.js';
import type { CallServing } from './callInService.js';
import { callsReceived } from './callsReceived.js';
import { grpcHandlers } from './grpcHandlers.js';
import { judgeHeaders } from './judgeHeaders.js';
import { MAX_CALLS_OF_STRANGERS } from './peerConnection.js';
import { reflection } from './reflection.js';
import { sendWindow } from './sendWindow.js';
import { type ServedService, servedService } from './servedServices.js';
import { storedBytesDefinition } from './storedBytes.js';

/** Time within which a request must have arrived. */
export const RECEIVE_TIMEOUT_MS = 10_000;

/** Full names of the services, as health and reflection report them. */
export const SERVICE_NAMES = [
  storedBytesDefinition,
  OperationsDefinition,
  HealthDefinition,
  ServerReflectionDefinition,
].map(({ fullName }) => fullName);

/** How connections are kept alive and renewed. */
export interface ConnectionOptions {
  /** Interval at which silent peers are pinged. @default 30 s */
  readonly keepAliveMs?: number | undefined;
  /** Time within which a peer must answer a ping. @default 20 s */
  readonly keepAliveTimeoutMs?: number;
  /** Age at which a connection is ended, with all its streams, give or take a tenth. @default never */
  readonly maxAgeMs?: number | undefined;
}

/** What a gRPC server serves, and how. */
export interface GrpcServerOptions extends CallServing {
  readonly services: readonly ServedService[];
  readonly gate: CallGate;
  readonly limits: EffectiveLimits;
  readonly connections: ConnectionOptions;
  /** Time that calls have to end when the server shuts down, or when their connection is too old. */
  readonly stopGraceMs: number;
  /** Ends the streams of reflection when it aborts. */
  readonly stopping: AbortSignal;
}

/** The gRPC server of a service. */
export interface GrpcServer {
  /**
   * Starts to listen on `HOST:PORT`.
   *
   * @returns the port.
   * @throws DispatchError UNAVAILABLE when that is not possible.
   */
  listen(address: string, credentials: ServerCredentials): Promise<number>;
  /** Number of requests so far that are no call of any of its methods. grpc-js refuses them before anything else. */
  unknownCalls(): number;
  /** How often connections took no calls for a while, or were ended, because their peers made or reset too many. */
  curbedConnections(): number;
  /**
   * Accepts no more calls, waits for pending ones for `stopGraceMs`, then cancels them.
   *
   * @param hurry - cancels them at once when it aborts.
   */
  shutDown(hurry: AbortSignal): Promise<void>;
}

/** Creates the server of services, and of their reflection. */
export function grpcServer(options: GrpcServerOptions): GrpcServer {
  const { services, gate, limits, logger, observers, connections, stopGraceMs, stopping } = options;
  const { maxAgeMs } = connections;
  const connectionAge = maxAgeMs === undefined ? null : { maxMs: maxAgeMs, graceMs: stopGraceMs };
  let curbedConnections = 0;
  const lines = lineLimit(1, (_, leftOut) => logger.warn({ leftOut }, 'more connections were curbed than are logged'));
  const onCurbed = (peer: string) => {
    curbedConnections += 1;
    if (lines.take('')) logger.warn({ peer }, 'a connection is curbed: its peer makes or resets too many calls');
  };
  const judge = judgeHeaders({ gate, receiveTimeoutMs: RECEIVE_TIMEOUT_MS, connectionAge, observers, onCurbed });
  let port: number | null = null;
  let knownCalls = 0;
  let unknownCalls = 0;
  const countAndJudge: ServerInterceptor = (method, call) => {
    knownCalls += 1;
    return judge(method, call);
  };
  const server = new Server({
    ...serverOptions(connections, limits),
    interceptors: [countAndJudge, sendWindow],
  });
  const reflected = servedService(ServerReflectionDefinition, reflection(SERVICE_NAMES, stopping));
  for (const service of [...services, reflected]) server.addService(...grpcHandlers(service, options));

  return {
    async listen(address, credentials) {
      try {
        port = await promisify(server.bindAsync.bind(server))(address, credentials);
        return port;
      } catch (error) {
        throw listenError(address, error);
      }
    },
    curbedConnections: () => curbedConnections,
    unknownCalls() {
      const received = port === null ? null : callsReceived(port);
      if (received !== null) unknownCalls = received - knownCalls;
      return unknownCalls;
    },
    async shutDown(hurry) {
      const cut = new AbortController();
      // A stream whose peer does not read, and a call that hangs, can be ended in no other way.
      const late = setTimeout(() => {
        logger.warn({}, 'calls that did not end in time were cancelled');
        cut.abort();
      }, stopGraceMs);
      const cutNow = () => cut.abort();
      const forced = new Promise<void>(resolve => {
        cut.signal.addEventListener('abort', () => {
          server.forceShutdown();
          resolve();
        });
      });
      hurry.addEventListener('abort', cutNow);
      if (hurry.aborted) cutNow();
      try {
        // grpc-js waits for ever for a connection that comes in at this moment.
        await Promise.race([promisify(server.tryShutdown.bind(server))(), forced]);
      } finally {
        clearTimeout(late);
        hurry.removeEventListener('abort', cutNow);
      }
    },
  };
}

/** Clients may ping as often as they like, with and without calls: grpc-js counts no ping strikes. */
function serverOptions(connections: ConnectionOptions, limits: EffectiveLimits): ServerOptions {
  const { keepAliveMs = 30_000, keepAliveTimeoutMs = 20_000 } = connections;
  return {
    // Streams of peers that vanished end.
    'grpc.keepalive_time_ms': keepAliveMs,
    'grpc.keepalive_timeout_ms': keepAliveTimeoutMs,
    'grpc.max_concurrent_streams': MAX_CALLS_OF_STRANGERS,
    // Per connection, in megabytes; a thousand streams need thirty.
    'grpc-node.max_session_memory': 256,
    'grpc.max_receive_message_length': limits.requestBytes,
  };
}

function listenError(address: string, cause: unknown): DispatchError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = text.includes('EADDRINUSE') ? 'the address is already in use' : text;
  return new DispatchError('UNAVAILABLE', `cannot listen on ${address}: ${reason}`, { cause });
}
