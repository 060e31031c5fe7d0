import { callLimits } from './access/callLimits.js';
import { listenAddress, portAddress } from './access/listenAddress.js';
import { webOrigin } from './access/webOrigin.js';
import { invalidOption } from './domain/invalidOption.js';
import type { Retention } from './operation/pruneRegularly.js';
import type { DispatchServiceOptions } from './startDispatchService.js';
import { connectionCounts } from './store/connectionCounts.js';
import { isPostgres } from './store/openStore.js';

/** Default age of the change log. Shorter in memory, which it would fill; streams read changes at once. */
const KEEP_CHANGES_MS = 7 * 24 * 3_600_000;
const KEEP_CHANGES_IN_MEMORY_MS = 10 * 60_000;
const MIN_KEEP_MS = 60_000;
/** A thousand years: PostgreSQL keeps microseconds in 64 bits. */
const MAX_KEEP_MS = 1_000 * 365 * 86_400_000;
/** Default age of the audit. */
const KEEP_AUDIT_MS = 400 * 24 * 3_600_000;
const DEFAULT_STOP_GRACE_MS = 5_000;
/** Each renewal of a connection costs each dispatcher a list. */
const MIN_CONNECTION_AGE_MS = 60_000;
const MIN_KEEP_ALIVE_MS = 1_000;
/** The longest wait of a timer, less the tenth by which the age of connections is spread. */
const MAX_SPAN_MS = 20 * 24 * 3_600_000;

/**
 * Reads the options of a service, with their defaults, without opening anything.
 *
 * @throws DispatchError INVALID_ARGUMENT when one is wrong.
 */
export function serviceSettings(options: DispatchServiceOptions) {
  const { listen = '127.0.0.1:0', database = ':memory:', metrics, web } = options;
  const connections = databaseConnections(options, database);
  return {
    place: listenAddress(listen),
    metricsPlace: metrics === undefined ? undefined : portAddress(metrics, 'metrics'),
    webPlace: web === undefined ? undefined : portAddress(web.listen ?? '0', 'web.listen'),
    origins: (web?.origins ?? []).map(webOrigin),
    connections,
    retention: retention(options, database === ':memory:'),
    limits: callLimits(options.limits, connections && { readsPerKey: Math.ceil(connections.reads / 2) }),
    spans: spans(options),
  };
}

/** Those of PostgreSQL; undefined for another database. */
function databaseConnections({ databaseConnections }: DispatchServiceOptions, database: string) {
  if (isPostgres(database)) return connectionCounts(databaseConnections);
  if (databaseConnections === undefined) return undefined;
  throw invalidOption('databaseConnections', 'is for a database that begins with postgres://');
}

function retention(options: DispatchServiceOptions, isInMemory: boolean): Retention {
  const { keepChangesMs = isInMemory ? KEEP_CHANGES_IN_MEMORY_MS : KEEP_CHANGES_MS } = options;
  const { keepAuditMs = isInMemory ? keepChangesMs : KEEP_AUDIT_MS } = options;
  checkKept('keepChangesMs', keepChangesMs, 'streams end when a change is deleted before they read it');
  checkKept('keepAuditMs', keepAuditMs, 'whoever follows the audit would miss entries');
  return { keepChangesMs, keepAuditMs };
}

function checkKept(field: string, keepMs: number, reason: string): void {
  if (!(keepMs >= MIN_KEEP_MS)) throw invalidOption(field, `must be at least a minute: ${reason}`);
  if (keepMs > MAX_KEEP_MS) throw invalidOption(field, 'must be at most 1000 years of 365 days');
}

function spans(options: DispatchServiceOptions) {
  const { stopGraceMs = DEFAULT_STOP_GRACE_MS, drainMs = 0, maxConnectionAgeMs, keepAliveMs } = options;
  checkSpan('stopGraceMs', stopGraceMs, 0);
  checkSpan('drainMs', drainMs, 0);
  if (maxConnectionAgeMs !== undefined) checkSpan('maxConnectionAgeMs', maxConnectionAgeMs, MIN_CONNECTION_AGE_MS);
  if (keepAliveMs !== undefined) checkSpan('keepAliveMs', keepAliveMs, MIN_KEEP_ALIVE_MS);
  return { stopGraceMs, drainMs, connections: { maxAgeMs: maxConnectionAgeMs, keepAliveMs } };
}

function checkSpan(field: string, spanMs: number, leastMs: number): void {
  if (spanMs >= leastMs && spanMs <= MAX_SPAN_MS) return;
  throw invalidOption(field, `must be ${leastMs} to ${MAX_SPAN_MS} milliseconds`);
}
