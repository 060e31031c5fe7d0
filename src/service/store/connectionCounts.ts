import { namedNumbers } from '../domain/namedNumbers.js';

/** Maximum numbers of connections of a service to PostgreSQL. Beside these it has five, for health, streams and deleting what has expired. */
export interface ConnectionCounts {
  /**
   * For gets and lists.
   *
   * @default 8
   */
  readonly reads?: number | undefined;
  /**
   * For writes, which share transactions.
   *
   * @default 4
   */
  readonly writes?: number | undefined;
}

/** Numbers of connections with all defaults filled in. */
export type EffectiveCounts = { readonly [Name in keyof ConnectionCounts]-?: number };

/** The default numbers. */
export const DEFAULT_CONNECTIONS: EffectiveCounts = { reads: 8, writes: 4 };
/** More than PostgreSQL serves well. */
const MAX_CONNECTIONS = 1_000;

/**
 * Checks numbers of connections, and fills in the defaults.
 *
 * @throws DispatchError INVALID_ARGUMENT when a number is not an integer from 1 to 1000, or its name is unknown.
 */
export function connectionCounts(counts: ConnectionCounts = {}): EffectiveCounts {
  return namedNumbers('databaseConnections', counts, DEFAULT_CONNECTIONS, MAX_CONNECTIONS);
}
