import type { TimerCommand } from '../protocol/messages.js';
import type { DispatcherArgs, DispatcherContext } from './dispatcherContext.js';

/** Time in milliseconds after which a live connection counts as healthy: the next attempt comes at once. */
const healthyAfterMs = 10_000;

/** Maximum delay before the second attempt, in milliseconds; it doubles with each further attempt. */
const firstRetryMs = 250;

/** Maximum delay between two attempts, in milliseconds, and the minimum when the credentials are rejected. */
const maxRetryMs = 30_000;

/** Maximum delay in milliseconds while the service has been away only briefly, however many attempts there were by chance. */
const maxEarlyRetryMs = 2_000;

/** Time after the first loss that counts as brief, in milliseconds. */
const brieflyAwayMs = 3_000;

/**
 * Maximum delay in milliseconds of the attempt after the service is connected anew, or has ended a healthy connection; random, because
 * many dispatchers may be concerned.
 */
export const maxHastenedRetryMs = 1_000;

/** Maximum number of attempts without success that a new connection hastens: a service may accept connections and no calls. */
const maxHasteCount = 5;

/** Whether the attempt comes sooner because the service is connected anew. */
export function mayHasten({ context }: DispatcherArgs): boolean {
  return context.hasteCount < maxHasteCount;
}

/** Whether the stream of a live dispatcher reached its deadline, as every stream does. */
export function isRoutineLoss({ context, event }: DispatcherArgs): boolean {
  return event.type === 'source.lost' && event.problem.code === 'DEADLINE_EXCEEDED' && context.liveSinceMs !== null;
}

/** Changes of the context when a connection is lost. */
export function afterLoss({ context, event }: DispatcherArgs): Partial<DispatcherContext> {
  if (event.type !== 'source.lost') return {};
  const wasHealthy = context.liveSinceMs !== null && event.atMs - context.liveSinceMs >= healthyAfterMs;
  return {
    lostCount: wasHealthy ? 0 : context.lostCount + 1,
    firstLossMs: wasHealthy || context.firstLossMs === null ? event.atMs : context.firstLossMs,
    liveSinceMs: null,
    problem: isRoutineLoss({ context, event }) ? context.problem : event.problem.toJSON(),
  };
}

/**
 * Delay of the next attempt. The first comes at once, or within a random second when the service ended a healthy connection; the
 * next ones at a random time within a limit that doubles. Rejected credentials wait longest, unless they were valid before: there may
 * be new ones.
 */
export function retryWait({ context: { lostCount, firstLossMs }, event }: DispatcherArgs): TimerCommand {
  const code = event.type === 'source.lost' ? event.problem.code : undefined;
  const isRejected = code === 'UNAUTHENTICATED' || code === 'PERMISSION_DENIED';
  if (isRejected && lostCount > 0) return { type: 'retry.wanted', minDelayMs: maxRetryMs, maxDelayMs: 2 * maxRetryMs };
  const wasEnded = event.type === 'source.lost' && event.graceful && lostCount === 0;
  if (wasEnded) return { type: 'retry.wanted', minDelayMs: 0, maxDelayMs: maxHastenedRetryMs };
  const awayMs = event.type === 'source.lost' && firstLossMs !== null ? event.atMs - firstLossMs : brieflyAwayMs;
  const limitMs = awayMs >= 0 && awayMs < brieflyAwayMs ? maxEarlyRetryMs : maxRetryMs;
  const maxDelayMs = lostCount <= 1 ? 0 : Math.min(limitMs, firstRetryMs * 2 ** (lostCount - 2));
  return { type: 'retry.wanted', minDelayMs: 0, maxDelayMs };
}
