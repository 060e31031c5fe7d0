import { assign, fromCallback, sendTo, setup } from 'xstate';
import { DispatchError, messageOf } from '../../src/model/dispatchError.js';
import { dispatchPool } from '../pool/dispatchPool.js';
import type { DispatcherOutput, ProblemEvent, SyncStatus } from '../protocol/dispatcherOutput.js';
import type {
  ChangesWanted,
  PoolChanged,
  PoolOutput,
  RestoreEvent,
  SourceCommand,
  SourceEvent,
  SyncEvent,
  TimerCommand,
  TimerEvent,
} from '../protocol/messages.js';
import { emitAndSendToParent } from '../xstate/emitAndSendToParent.js';

/** What a dispatcher machine starts from. */
export interface DispatcherInput {
  readonly microgridId: number;
}

/** What a dispatcher machine remembers; JSON-safe. It holds no dispatch: the pool does. */
export interface DispatcherContext {
  readonly microgridId: number;
  /** How many connections in a row were lost before they proved healthy. */
  readonly lostCount: number;
  /** Since when it is live, milliseconds since the epoch; null when it is not. */
  readonly liveSinceMs: number | null;
}

/** What a dispatcher machine is told: by its own actors, and `dispatcher.stop` by the program. */
export type DispatcherMachineEvent =
  | RestoreEvent
  | SyncEvent
  | SourceEvent
  | TimerEvent
  | PoolOutput
  | ChangesWanted
  | ProblemEvent
  | { readonly type: 'dispatcher.stop' }
  | { readonly type: `xstate.error.actor.${string}`; readonly error: unknown };

interface Args {
  readonly context: DispatcherContext;
  readonly event: DispatcherMachineEvent;
}

/** A connection that was live for this long was healthy: the next try comes at once. */
const healthyAfterMs = 10_000;

/** The longest wait before the second try; it doubles with each further one. */
const firstRetryMs = 250;

/** The longest wait between two tries, and the shortest when the service rejects the credentials. */
const maxRetryMs = 30_000;

/**
 * Keeps the dispatches of a microgrid in step with its service and passes on what their machines say.
 *
 * Its states tell where the sync stands. Its actors `source` and `timer`, and `store` where it is to keep what it knows, come
 * by `.provide({ actors })`: `dispatcherActors` of `xstate-dispatch` makes them, `sourceLogic`, `timerLogic` and `storeLogic` one
 * each. Notifications leave it as emitted events, and as events to the machine that invoked it, which puts
 * {@link DispatcherOutput} into the type of its events.
 */
export const dispatcherMachine = setup({
  types: {
    input: {} as DispatcherInput,
    context: {} as DispatcherContext,
    events: {} as DispatcherMachineEvent,
    emitted: {} as DispatcherOutput,
  },
  actors: {
    pool: dispatchPool,
    source: fromCallback<SourceCommand, { microgridId: number }>(notProvided),
    timer: fromCallback<TimerCommand>(notProvided),
    store: fromCallback<PoolChanged, { microgridId: number }>(() => {}),
  },
  actions: {
    forward: sendTo(
      (_, { to }: { to: 'pool' | 'source' | 'store' | 'timer' }) => to,
      ({ event }) => event,
    ),
    connect: sendTo('source', { type: 'source.connect' }),
    planRetry: sendTo('timer', retryWait),
    noteLive: assign(({ event }) => ({ liveSinceMs: event.type === 'source.live' ? event.atMs : null })),
    noteLoss: assign(countLoss),
    announce: emitAndSendToParent<DispatcherContext, DispatcherMachineEvent, undefined, DispatcherOutput>(outputsOf),
    announceSync: emitAndSendToParent<
      DispatcherContext,
      DispatcherMachineEvent,
      { status: SyncStatus },
      DispatcherOutput
    >((args, params) => [syncStatus(args, params)]),
  },
  guards: {
    isRoutineLoss: ({ context, event }) =>
      event.type === 'source.lost' && event.problem.code === 'DEADLINE_EXCEEDED' && context.liveSinceMs !== null,
  },
}).createMachine({
  id: 'dispatcher',
  context: initialContext,
  invoke: [
    { id: 'pool', src: 'pool', input: ofMicrogrid },
    { id: 'timer', src: 'timer' },
    { id: 'store', src: 'store', input: ofMicrogrid },
    { id: 'source', src: 'source', input: ofMicrogrid },
  ],
  initial: 'connecting',
  states: {
    connecting: {
      entry: [{ type: 'announceSync', params: { status: 'connecting' } }],
      // Said once, although the source says it too when it starts.
      on: { 'source.connecting': { actions: 'noteLive' } },
    },
    catchingUp: {
      entry: [{ type: 'announceSync', params: { status: 'catchingUp' } }],
    },
    live: {
      entry: [{ type: 'announceSync', params: { status: 'live' } }],
    },
    waiting: {
      entry: [{ type: 'announceSync', params: { status: 'waiting' } }, 'planRetry'],
    },
    stopped: {
      entry: [{ type: 'announceSync', params: { status: 'stopped' } }],
      type: 'final',
    },
  },
  on: {
    'source.connecting': { target: '.connecting', actions: 'noteLive' },
    'source.opened': { target: '.catchingUp' },
    'source.live': { target: '.live', actions: 'noteLive' },
    'source.lost': [
      { guard: 'isRoutineLoss', target: '.waiting', actions: 'noteLoss' },
      { target: '.waiting', actions: ['noteLoss', 'announce'] },
    ],
    'retry.due': { actions: 'connect' },
    'restore.*': { actions: { type: 'forward', params: { to: 'pool' } } },
    'sync.*': { actions: { type: 'forward', params: { to: 'pool' } } },
    'timer.due': { actions: { type: 'forward', params: { to: 'pool' } } },
    'clock.wentBack': { actions: { type: 'forward', params: { to: 'pool' } } },
    'changes.wanted': { actions: { type: 'forward', params: { to: 'pool' } } },
    'pool.changed': { actions: { type: 'forward', params: { to: 'store' } } },
    'pool.ready': { actions: { type: 'forward', params: { to: 'source' } } },
    'agenda.moved': { actions: { type: 'forward', params: { to: 'timer' } } },
    'pool.reported': { actions: 'announce' },
    'dispatcher.problem': { actions: 'announce' },
    'dispatcher.stop': { target: '.stopped' },
    'xstate.error.actor.*': { target: '.stopped', actions: 'announce' },
  },
});

function notProvided(): never {
  throw new Error(
    'a dispatcher machine needs a source and a timer: provide({ actors: dispatcherActors({ address }) })',
  );
}

function syncStatus({ context }: { context: DispatcherContext }, { status }: { status: SyncStatus }): DispatcherOutput {
  return { type: 'dispatcher.sync', microgridId: context.microgridId, status };
}

function initialContext({ input }: { input: DispatcherInput }): DispatcherContext {
  return { microgridId: input.microgridId, lostCount: 0, liveSinceMs: null };
}

function ofMicrogrid({ context }: { context: DispatcherContext }): { microgridId: number } {
  return { microgridId: context.microgridId };
}

function countLoss({ context, event }: Args): Partial<DispatcherContext> {
  if (event.type !== 'source.lost') return {};
  const wasHealthy = context.liveSinceMs !== null && event.atMs - context.liveSinceMs >= healthyAfterMs;
  return { lostCount: wasHealthy ? 0 : context.lostCount + 1, liveSinceMs: null };
}

/**
 * The first try comes at once; then full jitter under a limit that doubles. Rejected credentials wait the longest, unless they
 * were good until now: then there may be new ones.
 */
function retryWait({ context: { lostCount }, event }: Args): TimerCommand {
  const code = event.type === 'source.lost' ? event.problem.code : undefined;
  const isRejected = code === 'UNAUTHENTICATED' || code === 'PERMISSION_DENIED';
  if (isRejected && lostCount > 0) return { type: 'retry.wanted', minDelayMs: maxRetryMs, maxDelayMs: 2 * maxRetryMs };
  const maxDelayMs = lostCount <= 1 ? 0 : Math.min(maxRetryMs, firstRetryMs * 2 ** (lostCount - 2));
  return { type: 'retry.wanted', minDelayMs: 0, maxDelayMs };
}

/** What an event makes the dispatcher say. */
function outputsOf({ context: { microgridId }, event }: Args): readonly DispatcherOutput[] {
  if (event.type === 'pool.reported') return event.outputs;
  if (event.type === 'dispatcher.problem') return [event];
  if (event.type === 'source.lost') return [{ type: 'dispatcher.problem', microgridId, problem: event.problem }];
  if (!('error' in event)) return [];
  const cause = event.error;
  const reason = messageOf(cause);
  const problem = new DispatchError('INTERNAL', `the dispatcher stopped, for a part of it failed: ${reason}`, {
    microgridId,
    cause,
  });
  return [{ type: 'dispatcher.problem', microgridId, problem }];
}
