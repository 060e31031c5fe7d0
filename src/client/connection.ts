import type { MicrogridDispatchServiceClient } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { OperationsClient } from '../../proto/gen/xstate_dispatch/v1/operations.js';

/** The connection of a client that only reads to its service: over gRPC, or over HTTP. */
export interface ReaderConnection {
  /** The calls of the service. */
  readonly rpc: MicrogridDispatchServiceClient;
  /** Why a call may have no result in time: the end of a sentence. */
  readonly lateHint?: string | undefined;
  /** Replaces a connection that stays broken by a new one. Calls that are open stay open. */
  renew(): void;
  /**
   * Keeps connecting, and resolves when the service is connected anew. While the connection lasts, it does not resolve. Rejects with the
   * reason when the signal aborts.
   */
  connectedAnew(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The connection of a client to its service. */
export interface Connection extends ReaderConnection {
  /** The calls of the service about itself. */
  readonly operations: OperationsClient;
}
