import { createClientFactory } from 'nice-grpc';

import { HealthCheckResponse_ServingStatus, HealthDefinition } from '../../proto/gen/grpc/health/v1/health.js';
import { openChannel, proxyOf } from './channel.js';
import { reportLostConnections } from './lostConnections.js';
import { OpenCalls } from './openCalls.js';
import { toDispatchError } from './toDispatchError.js';

/** Serving status of a server; `UNKNOWN` also for a status that this version does not know. */
export type HealthStatus = 'SERVING' | 'NOT_SERVING' | 'UNKNOWN';

/**
 * Checks the health of a server by the gRPC health protocol, which needs no API key.
 *
 * @param timeoutMs - time to wait for the response, in milliseconds.
 * @throws DispatchError INVALID_ARGUMENT when the address is wrong; UNAVAILABLE or DEADLINE_EXCEEDED when the server does
 * not respond; UNIMPLEMENTED when it does not support health checks.
 */
export async function checkHealth(address: string, timeoutMs: number): Promise<HealthStatus> {
  const channel = openChannel(address);
  const call = new OpenCalls().open({ signal: undefined, timeoutMs, ids: {} });
  try {
    const health = createClientFactory()
      .use(reportLostConnections(proxyOf(channel, address)))
      .create(HealthDefinition, channel);
    const { status } = await health.check({}, { signal: call.signal });
    if (status === HealthCheckResponse_ServingStatus.SERVING) return 'SERVING';
    return status === HealthCheckResponse_ServingStatus.NOT_SERVING ? 'NOT_SERVING' : 'UNKNOWN';
  } catch (error) {
    throw toDispatchError(call.signal.aborted ? call.signal.reason : error, {});
  } finally {
    call.end();
    channel.close();
  }
}
