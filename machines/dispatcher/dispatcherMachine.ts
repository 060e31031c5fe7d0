import {
  type ActorRefFromLogic,
  type AnyActorRef,
  assign,
  type CallbackActorLogic,
  type EventObject,
  fromCallback,
  type MetaObject,
  type NonReducibleUnknown,
  type ParameterizedObject,
  type Snapshot,
  type StateMachine,
  sendTo,
  setup,
  stopChild,
} from 'xstate';
import { DispatchError, type DispatchErrorJson, messageOf } from '../../src/model/dispatchError.js';
import { type DispatchPoolLogic, dispatchPool } from '../pool/dispatchPool.js';
import type { DispatcherOutput, ProblemEvent, SyncState } from '../protocol/dispatcherOutput.js';
import type {
  PoolOutput,
  RestoreEvent,
  SourceCommand,
  SourceEvent,
  StoreCommand,
  StoreEvent,
  SyncEvent,
  TimerCommand,
  TimerEvent,
} from '../protocol/messages.js';
import { emitAndSendToParent } from '../xstate/emitAndSendToParent.js';
import { isHeard } from '../xstate/isHeard.js';
import { sendFrom } from '../xstate/sendFrom.js';
import { withSnapshotCheck } from '../xstate/withSnapshotCheck.js';
import { checkSnapshot, snapshotFormatVersion } from './checkSnapshot.js';

/** Input of a dispatcher machine. */
export interface DispatcherInput {
  readonly microgridId: number;
}

/** Context of a dispatcher machine; JSON-safe. It contains no dispatches: these are in the pool. */
export interface DispatcherContext {
  readonly microgridId: number;
  /** Number of consecutive connections that were lost before they were healthy. */
  readonly lostCount: number;
  /** When it became live, milliseconds since the epoch; null: it is not live. */
  readonly liveSinceMs: number | null;
  /** When data last arrived from the service, milliseconds since the epoch; null: never. */
  readonly lastContactMs: number | null;
  /** When the next attempt to connect is due, milliseconds since the epoch; null: it does not wait for one. */
  readonly retryAtMs: number | null;
  /** The last problem of the connection, or the one that stopped the dispatcher; null when live. */
  readonly problem: DispatchErrorJson | null;
}

/** Stops a dispatcher machine: it stops its actors, saves, and ends. */
export interface DispatcherStop {
  readonly type: 'dispatcher.stop';
}

/** Events to a dispatcher machine: from its own actors, and `dispatcher.stop` from the program. */
export type DispatcherMachineEvent =
  | RestoreEvent
  | SyncEvent
  | SourceEvent
  | TimerEvent
  | PoolOutput
  | StoreEvent
  | ProblemEvent
  | DispatcherStop
  /** Sent by the machine to itself when one of its actors failed and all others are stopped. */
  | { readonly type: 'dispatcher.failed'; readonly error: DispatchError }
  | { readonly type: `xstate.error.actor.${string}`; readonly error: unknown };

type Part = 'pool' | 'source' | 'store' | 'timer';

/** The actors of a dispatcher machine. */
interface Parts {
  readonly pool: DispatchPoolLogic;
  readonly source: CallbackActorLogic<SourceCommand, { microgridId: number }>;
  readonly timer: CallbackActorLogic<TimerCommand>;
  readonly store: CallbackActorLogic<StoreCommand, { microgridId: number }>;
}

/** Type of {@link dispatcherMachine}, in words of every XState of the range: the inferred type has parameters that the oldest lacks. */
export type DispatcherMachine<TEvent extends EventObject = DispatcherStop> = StateMachine<
  DispatcherContext,
  TEvent,
  { [Name in Part]?: ActorRefFromLogic<Parts[Name]> },
  { [Name in Part]: { src: Name; logic: Parts[Name]; id: Name } }[Part],
  ParameterizedObject,
  ParameterizedObject,
  never,
  SyncState,
  string,
  DispatcherInput,
  NonReducibleUnknown,
  DispatcherOutput,
  MetaObject,
  { id: 'dispatcher'; states: { readonly [State in SyncState]: Record<never, never> } }
>;

interface Args {
  readonly context: DispatcherContext;
  readonly event: DispatcherMachineEvent;
}

/** Time in milliseconds after which a live connection counts as healthy: the next attempt comes at once. */
const healthyAfterMs = 10_000;

/** Maximum delay before the second attempt, in milliseconds; it doubles with each further attempt. */
const firstRetryMs = 250;

/** Maximum delay between two attempts, in milliseconds, and the minimum when the credentials are rejected. */
const maxRetryMs = 30_000;

/**
 * Keeps the dispatches of a microgrid in sync with the service and forwards their notifications.
 *
 * Its states are those of the sync. Provide its actors `source`, `timer` and optionally `store` with `.provide({ actors })`:
 * `dispatcherActors` of `xstate-dispatch` creates all of them, `sourceLogic`, `timerLogic` and `storeLogic` one each. It emits its
 * notifications, and sends them to the machine that invoked it, whose event type should include {@link DispatcherOutput}.
 *
 * It begins in `starting`, and stays there until its store is read; it waits for a store that is in use. Until then it does not connect
 * and announces nothing. When one of its actors fails, it reports the problem, stops the others and ends with the error, which an XState
 * parent receives in `onError`. An invalid `microgridId`, a missing source or timer, or a snapshot that `checkSnapshot` refuses fail in
 * the same way.
 */
export const dispatcherMachine: DispatcherMachine<DispatcherMachineEvent> = withSnapshotCheck(
  setup({
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
      store: fromCallback<StoreCommand, { microgridId: number }>(({ sendBack }) => sendBack({ type: 'store.ready' })),
    },
    actions: {
      forward: sendTo(
        (_, { to }: { to: Part }) => to,
        ({ event }) => event,
      ),
      askInstant: sendTo('timer', { type: 'instant.wanted' }),
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
      logUnheard,
      stopPart: stopChild((_, { part }: { part: Part }) => part),
      failWhenStopped: sendTo(
        ({ self }) => self,
        args => ({ type: 'dispatcher.failed', error: failureOf(args) ?? new DispatchError('INTERNAL', 'it failed') }),
      ),
      fail: ({ event }) => {
        if (event.type === 'dispatcher.failed') throw event.error;
      },
    },
    guards: {
      isRoutineLoss,
      tellsProblem: ({ event }) =>
        event.type === 'pool.reported' && event.outputs.some(({ type }) => type === 'dispatcher.problem'),
    },
  }).createMachine({
    id: 'dispatcher',
    context: initialContext,
    invoke: [
      { id: 'pool', src: 'pool', input: ofMicrogrid },
      { id: 'store', src: 'store', input: ofMicrogrid },
      { id: 'source', src: 'source', input: ofMicrogrid },
      { id: 'timer', src: 'timer' },
    ],
    initial: 'starting',
    states: {
      starting: {
        // No dispatch is due before everything is restored.
        on: {
          'timer.due': {},
          'clock.wentBack': {},
          'pool.ready': { actions: { type: 'forward', params: { to: 'store' } } },
        },
      },
      connecting: {
        entry: [{ type: 'announceSync', params: { state: 'connecting' } }],
        // Announced once, although the source sends it too.
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
        // Announced when the timer has answered with the delay.
        on: { 'retry.planned': { actions: ['noteRetry', { type: 'announceSync', params: { state: 'waiting' } }] } },
      },
      stopping: {
        entry: [
          { type: 'announceSync', params: { state: 'stopped' } },
          { type: 'stopPart', params: { part: 'source' } },
          { type: 'stopPart', params: { part: 'timer' } },
          { type: 'stopPart', params: { part: 'pool' } },
          { type: 'stopPart', params: { part: 'store' } },
          'failWhenStopped',
        ],
        on: { 'dispatcher.failed': { actions: 'fail' }, '*': {} },
      },
      stopped: {
        entry: [{ type: 'announceSync', params: { state: 'stopped' } }],
        type: 'final',
      },
    },
    on: {
      'store.opening': { target: '.starting' },
      'store.ready': { target: '.connecting', actions: ['askInstant', 'connect'] },
      'source.connecting': { target: '.connecting', actions: 'resetConnection' },
      'source.opened': { target: '.catchingUp' },
      'source.live': {
        target: '.live',
        actions: ['noteContact', 'noteLive', { type: 'forward', params: { to: 'timer' } }],
      },
      'source.lost': [
        { guard: 'isRoutineLoss', target: '.waiting', actions: 'noteLoss' },
        { target: '.waiting', actions: ['noteLoss', 'announce', 'logUnheard'] },
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
      'pool.reported': [{ guard: 'tellsProblem', actions: ['announce', 'logUnheard'] }, { actions: 'announce' }],
      'dispatcher.problem': { actions: ['announce', 'logUnheard'] },
      'dispatcher.stop': { target: '.stopped', actions: 'resetConnection' },
      'xstate.error.actor.*': { target: '.stopping', actions: ['noteFailure', 'announce'] },
    },
  }),
  {
    formatVersion: snapshotFormatVersion,
    refused: { value: 'starting', context: freshContext(0) },
    prepare: toRestorable,
  },
);

/** {@link dispatcherMachine} as programs see it: what its own actors send is not theirs to send. */
export const publicDispatcherMachine = dispatcherMachine as unknown as DispatcherMachine;

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
  return freshContext(checkedMicrogrid(input));
}

function freshContext(microgridId: number): DispatcherContext {
  return { microgridId, lostCount: 0, liveSinceMs: null, lastContactMs: null, retryAtMs: null, problem: null };
}

function checkedMicrogrid(input: Partial<DispatcherInput> | undefined): number {
  const { microgridId } = input ?? {};
  if (typeof microgridId === 'number' && Number.isSafeInteger(microgridId) && microgridId >= 0) return microgridId;
  const message = `input.microgridId must be an integer from 0 to 2^53-1, not ${String(microgridId)}`;
  throw new DispatchError('INVALID_ARGUMENT', message, { field: 'input.microgridId' });
}

/** A restored dispatcher begins in `starting`, in whatever state its snapshot was taken. */
function toRestorable(persisted: unknown, input: unknown): Snapshot<unknown> {
  const { microgridId } = (input ?? {}) as Partial<DispatcherInput>;
  const snapshot = checkSnapshot(persisted, microgridId);
  const { context } = snapshot as Snapshot<unknown> & { context: DispatcherContext };
  return Object.assign({}, snapshot, {
    value: 'starting',
    historyValue: {},
    context: { ...freshContext(context.microgridId), lastContactMs: context.lastContactMs ?? null },
  });
}

function ofMicrogrid({ context }: { context: DispatcherContext }): { microgridId: number } {
  return { microgridId: context.microgridId };
}

/** Whether the stream of a live dispatcher reached its deadline, as every stream does. */
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
 * Delay of the next attempt. The first comes at once, then full jitter with a limit that doubles. Rejected credentials wait longest,
 * unless they were valid before: there may be new ones.
 */
function retryWait({ context: { lostCount }, event }: Args): TimerCommand {
  const code = event.type === 'source.lost' ? event.problem.code : undefined;
  const isRejected = code === 'UNAUTHENTICATED' || code === 'PERMISSION_DENIED';
  if (isRejected && lostCount > 0) return { type: 'retry.wanted', minDelayMs: maxRetryMs, maxDelayMs: 2 * maxRetryMs };
  const maxDelayMs = lostCount <= 1 ? 0 : Math.min(maxRetryMs, firstRetryMs * 2 ** (lostCount - 2));
  return { type: 'retry.wanted', minDelayMs: 0, maxDelayMs };
}

/** Sends problems that nothing handled to the source, which has a logger. */
function logUnheard({ context, event, self }: Args & { self: AnyActorRef }): void {
  const source: AnyActorRef | undefined = self.getSnapshot().children.source;
  for (const output of outputsOf({ context, event })) {
    if (source === undefined || output.type !== 'dispatcher.problem' || isHeard(self, output)) continue;
    sendFrom(self, source, { type: 'problem.unheard', problem: output.problem });
  }
}

/** The outputs of the dispatcher for an event. */
function outputsOf({ context, event }: Args): readonly DispatcherOutput[] {
  const { microgridId } = context;
  if (event.type === 'pool.reported') return event.outputs;
  if (event.type === 'dispatcher.problem') return [event];
  if (event.type === 'source.lost') return [{ type: 'dispatcher.problem', microgridId, problem: event.problem }];
  const problem = failureOf({ context, event });
  return problem === null ? [] : [{ type: 'dispatcher.problem', microgridId, problem }];
}

/** The failure of an actor, which stops the dispatcher. */
function failureOf({ context: { microgridId }, event }: Args): DispatchError | null {
  if (!('error' in event)) return null;
  const { error: cause, type } = event;
  const part = type.slice('xstate.error.actor.'.length);
  const message = `the dispatcher stopped because its ${part} failed: ${messageOf(cause)}`;
  return new DispatchError('INTERNAL', message, { microgridId, cause });
}
