import { ServerCredentials } from '@grpc/grpc-js';
import { silentLogger } from '../../src/logger.js';
import { DEFAULT_LIMITS } from '../../src/service/access/callLimits.js';
import type { AccessControl } from '../../src/service/access/loadAccessControl.js';
import type { DispatchStore } from '../../src/service/domain/dispatchStore.js';
import type { ServiceMetrics } from '../../src/service/operation/serviceMetrics.js';
import { type RunningService, runService, type ServiceParts } from '../../src/service/runService.js';

/** How {@link serveStore} serves: the parts of a service with what tests bring along. */
export interface ServeOptions extends Partial<ServiceParts> {
  readonly access?: Pick<AccessControl, 'keys' | 'credentials'> & Partial<Pick<AccessControl, 'tls'>>;
  readonly metrics?: ServiceMetrics;
}

/** Serves a store to everybody on a free port. The store stays open when the service stops. */
export function serveStore(store: DispatchStore, options: ServeOptions = {}): Promise<RunningService> {
  const { access = { keys: null, credentials: ServerCredentials.createInsecure() }, metrics, ...parts } = options;
  const closed = { reload: async () => {}, close: async () => {} };
  return runService({
    openAccess: async () => ({ tls: null, ...access, ...closed }),
    openMetrics: metrics && (async () => ({ metrics, close: closed.close })),
    openStore: async () => ({ ...store, close: closed.close }),
    listen: '127.0.0.1:0',
    retention: { keepChangesMs: 600_000, keepAuditMs: 600_000 },
    limits: DEFAULT_LIMITS,
    connections: {},
    stopGraceMs: 5_000,
    drainMs: 0,
    logger: silentLogger,
    ...parts,
  });
}
