import { createClient } from 'nice-grpc';

import { HealthCheckResponse_ServingStatus, HealthDefinition } from '../../proto/gen/grpc/health/v1/health.js';
import { openChannel } from './channel.js';
import { OpenCalls } from './openCalls.js';
import { toDispatchError } from './toDispatchError.js';

/** What a server says of itself; `UNKNOWN` also when it says something unheard of. */
export type HealthStatus = 'SERVING' | 'NOT_SERVING' | 'UNKNOWN';

/**
 * Asks a server by the health checks of gRPC whether it can serve. That needs no key.
 *
 * @param timeoutMs - how long to wait for its answer.
 * @throws DispatchError INVALID_ARGUMENT when the address is wrong; UNAVAILABLE or DEADLINE_EXCEEDED when nobody answers;
 * UNIMPLEMENTED when it has no health checks.
 */
export async function checkHealth(address: string, timeoutMs: number): Promise<HealthStatus> {
  const channel = openChannel(address);
  using call = new OpenCalls().open({ signal: undefined, timeoutMs, ids: {} });
  try {
    const { status } = await createClient(HealthDefinition, channel).check({}, { signal: call.signal });
    if (status === HealthCheckResponse_ServingStatus.SERVING) return 'SERVING';
    return status === HealthCheckResponse_ServingStatus.NOT_SERVING ? 'NOT_SERVING' : 'UNKNOWN';
  } catch (error) {
    throw toDispatchError(call.signal.aborted ? call.signal.reason : error, {});
  } finally {
    channel.close();
  }
}
