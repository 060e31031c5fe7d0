import { assign, emit, fromCallback, sendTo, setup } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import { dispatchPool } from '../pool/dispatchPool.js';
import type {
  ChangesWanted,
  DispatcherOutput,
  PoolChanged,
  PoolEvent,
  PoolOutput,
  ProblemEvent,
  RestoreEvent,
  SourceCommand,
  SourceEvent,
  SyncEvent,
  SyncStatus,
  TimerCommand,
  TimerEvent,
} from '../protocol/dispatcherEvent.js';
import { emitAll } from './emitAll.js';
import { sendAllToParent } from './sendAllToParent.js';

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
    tellPool: sendTo('pool', ({ event }) => event as PoolEvent),
    tellSource: sendTo('source', ({ event }) => event as SourceCommand),
    tellTimer: sendTo('timer', ({ event }) => event as TimerCommand),
    tellStore: sendTo('store', ({ event }) => event as PoolChanged),
    connect: sendTo('source', { type: 'source.connect' }),
    planRetry: sendTo('timer', retryWait),
    noteLive: assign(({ event }) => ({ liveSinceMs: event.type === 'source.live' ? event.atMs : null })),
    noteLoss: assign(countLoss),
    announce: emitAll<DispatcherContext, DispatcherMachineEvent, DispatcherOutput>(outputsOf),
    tellParent: sendAllToParent<DispatcherContext, DispatcherMachineEvent, undefined, DispatcherOutput>(outputsOf),
    announceSync: emit(syncStatus),
    tellParentSync: sendAllToParent<
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
      entry: [
        { type: 'announceSync', params: { status: 'connecting' } },
        { type: 'tellParentSync', params: { status: 'connecting' } },
      ],
      // Said once, although the source says it too when it starts.
      on: { 'source.connecting': { actions: 'noteLive' } },
    },
    catchingUp: {
      entry: [
        { type: 'announceSync', params: { status: 'catchingUp' } },
        { type: 'tellParentSync', params: { status: 'catchingUp' } },
      ],
    },
    live: {
      entry: [
        { type: 'announceSync', params: { status: 'live' } },
        { type: 'tellParentSync', params: { status: 'live' } },
      ],
    },
    waiting: {
      entry: [
        { type: 'announceSync', params: { status: 'waiting' } },
        { type: 'tellParentSync', params: { status: 'waiting' } },
        'planRetry',
      ],
    },
    stopped: {
      entry: [
        { type: 'announceSync', params: { status: 'stopped' } },
        { type: 'tellParentSync', params: { status: 'stopped' } },
      ],
      type: 'final',
    },
  },
  on: {
    'source.connecting': { target: '.connecting', actions: 'noteLive' },
    'source.opened': { target: '.catchingUp' },
    'source.live': { target: '.live', actions: 'noteLive' },
    'source.lost': [
      { guard: 'isRoutineLoss', target: '.waiting', actions: 'noteLoss' },
      { target: '.waiting', actions: ['noteLoss', 'announce', 'tellParent'] },
    ],
    'retry.due': { actions: 'connect' },
    'restore.*': { actions: 'tellPool' },
    'sync.*': { actions: 'tellPool' },
    'timer.due': { actions: 'tellPool' },
    'clock.wentBack': { actions: 'tellPool' },
    'changes.wanted': { actions: 'tellPool' },
    'pool.changed': { actions: 'tellStore' },
    'pool.ready': { actions: 'tellSource' },
    'agenda.moved': { actions: 'tellTimer' },
    'pool.reported': { actions: ['announce', 'tellParent'] },
    'dispatcher.problem': { actions: ['announce', 'tellParent'] },
    'dispatcher.stop': { target: '.stopped' },
    'xstate.error.actor.*': { target: '.stopped', actions: ['announce', 'tellParent'] },
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
  const reason = cause instanceof Error ? cause.message : String(cause);
  const problem = new DispatchError('INTERNAL', `the dispatcher stopped, for a part of it failed: ${reason}`, {
    microgridId,
    cause,
  });
  return [{ type: 'dispatcher.problem', microgridId, problem }];
}
