import { assign, fromCallback, sendTo, setup } from 'xstate';
import { DispatchError, type DispatchErrorJson, messageOf } from '../../src/model/dispatchError.js';
import { dispatchPool } from '../pool/dispatchPool.js';
import type { DispatcherOutput, ProblemEvent, SyncState } from '../protocol/dispatcherOutput.js';
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
  /** When data of the service arrived last, milliseconds since the epoch; null: never. */
  readonly lastContactMs: number | null;
  /** When the next attempt to connect is due, milliseconds since the epoch; null when it does not wait for one. */
  readonly retryAtMs: number | null;
  /** The last problem of the connection, or the one that stopped it; null when live. */
  readonly problem: DispatchErrorJson | null;
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
    // XState before 5.32.1 does not read them from `invoke`.
    children: {} as { pool: 'pool'; timer: 'timer'; store: 'store'; source: 'source' },
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
    resetConnection: assign({ liveSinceMs: null, retryAtMs: null }),
    noteContact: assign(({ event }) => ('atMs' in event ? { lastContactMs: event.atMs } : {})),
    noteLive: assign(({ event }) => ({ liveSinceMs: 'atMs' in event ? event.atMs : null, problem: null })),
    noteLoss: assign(afterLoss),
    noteRetry: assign(({ event }) => ({ retryAtMs: event.type === 'retry.planned' ? event.atMs : null })),
    noteFailure: assign(args => ({ problem: failureOf(args)?.toJSON() ?? null, retryAtMs: null })),
    announce: emitAndSendToParent<DispatcherContext, DispatcherMachineEvent, undefined, DispatcherOutput>(outputsOf),
    announceSync: emitAndSendToParent<
      DispatcherContext,
      DispatcherMachineEvent,
      { state: SyncState },
      DispatcherOutput
    >((args, params) => [syncOutput(args, params)]),
  },
  guards: {
    isRoutineLoss,
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
      entry: [{ type: 'announceSync', params: { state: 'connecting' } }],
      // Said once, although the source says it too when it starts.
      on: { 'source.connecting': { actions: 'resetConnection' } },
    },
    catchingUp: {
      entry: [{ type: 'announceSync', params: { state: 'catchingUp' } }],
    },
    live: {
      entry: [{ type: 'announceSync', params: { state: 'live' } }],
    },
    waiting: {
      entry: 'planRetry',
      // Told when the timer has said for how long.
      on: { 'retry.planned': { actions: ['noteRetry', { type: 'announceSync', params: { state: 'waiting' } }] } },
    },
    stopped: {
      entry: [{ type: 'announceSync', params: { state: 'stopped' } }],
      type: 'final',
    },
  },
  on: {
    'source.connecting': { target: '.connecting', actions: 'resetConnection' },
    'source.opened': { target: '.catchingUp' },
    'source.live': {
      target: '.live',
      actions: ['noteContact', 'noteLive', { type: 'forward', params: { to: 'timer' } }],
    },
    'source.lost': [
      { guard: 'isRoutineLoss', target: '.waiting', actions: 'noteLoss' },
      { target: '.waiting', actions: ['noteLoss', 'announce'] },
    ],
    'retry.due': { actions: 'connect' },
    'restore.*': { actions: { type: 'forward', params: { to: 'pool' } } },
    'sync.listed': { actions: ['noteContact', { type: 'forward', params: { to: 'pool' } }] },
    'sync.changed': { actions: ['noteContact', { type: 'forward', params: { to: 'pool' } }] },
    'sync.*': { actions: { type: 'forward', params: { to: 'pool' } } },
    'timer.due': { actions: { type: 'forward', params: { to: 'pool' } } },
    'clock.wentBack': { actions: { type: 'forward', params: { to: 'pool' } } },
    'changes.wanted': { actions: { type: 'forward', params: { to: 'pool' } } },
    'pool.changed': { actions: { type: 'forward', params: { to: 'store' } } },
    'pool.ready': { actions: { type: 'forward', params: { to: 'source' } } },
    'agenda.moved': { actions: { type: 'forward', params: { to: 'timer' } } },
    'pool.reported': { actions: 'announce' },
    'dispatcher.problem': { actions: 'announce' },
    'dispatcher.stop': { target: '.stopped', actions: 'resetConnection' },
    'xstate.error.actor.*': { target: '.stopped', actions: ['noteFailure', 'announce'] },
  },
});

function notProvided(): never {
  throw new Error(
    'a dispatcher machine needs a source and a timer: provide({ actors: dispatcherActors({ address }) })',
  );
}

function syncOutput({ context }: { context: DispatcherContext }, { state }: { state: SyncState }): DispatcherOutput {
  const { microgridId, lastContactMs, retryAtMs, problem } = context;
  return { type: 'dispatcher.sync', microgridId, status: { state, lastContactMs, retryAtMs, problem } };
}

function initialContext({ input }: { input: DispatcherInput }): DispatcherContext {
  const { microgridId } = input;
  return { microgridId, lostCount: 0, liveSinceMs: null, lastContactMs: null, retryAtMs: null, problem: null };
}

function ofMicrogrid({ context }: { context: DispatcherContext }): { microgridId: number } {
  return { microgridId: context.microgridId };
}

/** The stream of a live dispatcher reached its deadline, as every stream does. */
function isRoutineLoss({ context, event }: Args): boolean {
  return event.type === 'source.lost' && event.problem.code === 'DEADLINE_EXCEEDED' && context.liveSinceMs !== null;
}

function afterLoss({ context, event }: Args): Partial<DispatcherContext> {
  if (event.type !== 'source.lost') return {};
  const wasHealthy = context.liveSinceMs !== null && event.atMs - context.liveSinceMs >= healthyAfterMs;
  return {
    lostCount: wasHealthy ? 0 : context.lostCount + 1,
    liveSinceMs: null,
    problem: isRoutineLoss({ context, event }) ? context.problem : event.problem.toJSON(),
  };
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
function outputsOf({ context, event }: Args): readonly DispatcherOutput[] {
  const { microgridId } = context;
  if (event.type === 'pool.reported') return event.outputs;
  if (event.type === 'dispatcher.problem') return [event];
  if (event.type === 'source.lost') return [{ type: 'dispatcher.problem', microgridId, problem: event.problem }];
  const problem = failureOf({ context, event });
  return problem === null ? [] : [{ type: 'dispatcher.problem', microgridId, problem }];
}

/** The failure of a part that stops the dispatcher. */
function failureOf({ context: { microgridId }, event }: Args): DispatchError | null {
  if (!('error' in event)) return null;
  const { error: cause, type } = event;
  const part = type.slice('xstate.error.actor.'.length);
  const message = `the dispatcher stopped because its ${part} failed: ${messageOf(cause)}`;
  return new DispatchError('INTERNAL', message, { microgridId, cause });
}
