import {
  type HealthDefinition,
  HealthCheckResponse_ServingStatus as Serving,
} from '../../../proto/gen/grpc/health/v1/health.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { Handlers } from './handlers.js';

/** The health of the service for load balancers and supervisors: `grpc.health.v1.Health`. */
export interface Health {
  /** `Check` and `Watch`. */
  readonly handlers: Handlers<HealthDefinition>;
  /** Sets whether the service can serve, and tells watchers. */
  setServing(serving: boolean): void;
  /** Sets NOT_SERVING for good, whatever {@link setServing} sets later. */
  drain(): void;
  /** Drains, and ends all watches with UNAVAILABLE. */
  stop(): void;
}

/**
 * Creates the health of a server, initially SERVING.
 *
 * @param services - full names of its services, beside the empty name, which is the server as a whole. All have the same
 * status.
 */
export function health(services: readonly string[]): Health {
  const known = new Set(['', ...services]);
  const wakes = new Set<() => void>();
  let serving = true;
  let draining = false;
  let stopped = false;

  function wakeAll(): void {
    for (const wake of wakes) wake();
  }

  function present(): Serving {
    return serving && !draining ? Serving.SERVING : Serving.NOT_SERVING;
  }

  /** Resolves after a change, or when the signal aborts. */
  async function nextChange(signal: AbortSignal): Promise<void> {
    let wake: () => void = () => {};
    const woken = new Promise<void>(resolve => {
      wake = resolve;
    });
    wakes.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (!signal.aborted) await woken;
    signal.removeEventListener('abort', wake);
    wakes.delete(wake);
  }

  return {
    handlers: {
      async check({ service }) {
        if (!known.has(service)) throw new DispatchError('NOT_FOUND', 'unknown service');
        return { status: present() };
      },
      async *watch({ service }, { signal }) {
        let told: Serving | null = null;
        for (;;) {
          const status = known.has(service) ? present() : Serving.SERVICE_UNKNOWN;
          if (status !== told) {
            told = status;
            yield { status };
            continue;
          }
          if (stopped) throw new DispatchError('UNAVAILABLE', 'the service is shutting down');
          await nextChange(signal);
          signal.throwIfAborted();
        }
      },
    },
    setServing(now) {
      serving = now;
      wakeAll();
    },
    drain() {
      draining = true;
      wakeAll();
    },
    stop() {
      draining = true;
      stopped = true;
      wakeAll();
    },
  };
}
