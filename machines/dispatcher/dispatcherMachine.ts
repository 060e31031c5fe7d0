import {
  type ActorRefFromLogic,
  assign,
  type CallbackActorLogic,
  type EventObject,
  fromCallback,
  type MetaObject,
  type NonReducibleUnknown,
  type ParameterizedObject,
  type StateMachine,
  sendTo,
  setup,
  stopChild,
} from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import { type DispatchPoolLogic, dispatchPool } from '../pool/dispatchPool.js';
import type { DispatcherOutput, SyncState } from '../protocol/dispatcherOutput.js';
import type { SourceCommand, StoreCommand, TimerCommand } from '../protocol/messages.js';
import { emitAndSendToParent } from '../xstate/emitAndSendToParent.js';
import { stopsWithParents } from '../xstate/stopsWithParents.js';
import { withSnapshotCheck } from '../xstate/withSnapshotCheck.js';
import { snapshotFormatVersion, toRestorable } from './checkSnapshot.js';
import { afterLoss, isRoutineLoss, maxHastenedRetryMs, mayHasten, retryWait } from './connectionLoss.js';
import {
  type DispatcherContext,
  type DispatcherInput,
  type DispatcherMachineEvent,
  type DispatcherStop,
  freshContext,
  initialContext,
} from './dispatcherContext.js';
import { failureOf, logUnheard, outputsOf, syncOutput } from './dispatcherOutputs.js';

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
 * the same way. It stops when an actor above it fails.
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
      hastenRetry: sendTo('timer', { type: 'retry.hastened', maxDelayMs: maxHastenedRetryMs }),
      resetConnection: assign({ liveSinceMs: null, retryAtMs: null }),
      noteContact: assign(({ event }) => ('atMs' in event ? { lastContactMs: event.atMs } : {})),
      noteLive: assign(({ event }) => ({
        liveSinceMs: 'atMs' in event ? event.atMs : null,
        hasteCount: 0,
        problem: null,
      })),
      noteAnswer: assign(({ event, context }) => {
        if (event.type !== 'source.answered') return {};
        const { polling, clockOffsetMs } = event;
        return { polling, clockOffsetMs: clockOffsetMs ?? context.clockOffsetMs };
      }),
      notePosition: assign(({ event }) => (event.type === 'pool.ready' ? { position: event.position } : {})),
      noteLoss: assign(afterLoss),
      noteHaste: assign(({ context }) => ({ hasteCount: context.hasteCount + 1 })),
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
      mayHasten,
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
          'clock.set': {},
          'list.wanted': {},
          'pool.ready': { actions: ['notePosition', { type: 'forward', params: { to: 'store' } }] },
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
        on: {
          'retry.planned': { actions: ['noteRetry', { type: 'announceSync', params: { state: 'waiting' } }] },
          'source.reachable': { guard: 'mayHasten', actions: ['noteHaste', 'hastenRetry'] },
        },
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
      'source.answered': { actions: 'noteAnswer' },
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
      'clock.set': { actions: { type: 'forward', params: { to: 'pool' } } },
      'clock.wentBack': { actions: { type: 'forward', params: { to: 'pool' } } },
      'changes.wanted': { actions: { type: 'forward', params: { to: 'pool' } } },
      'pool.changed': { actions: { type: 'forward', params: { to: 'store' } } },
      'pool.ready': { actions: ['notePosition', { type: 'forward', params: { to: 'source' } }] },
      'list.wanted': { actions: { type: 'forward', params: { to: 'source' } } },
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

stopsWithParents(dispatcherMachine);

/** {@link dispatcherMachine} as programs see it: what its own actors send is not theirs to send. */
export const publicDispatcherMachine = dispatcherMachine as unknown as DispatcherMachine;

function notProvided(): never {
  throw new Error(
    'a dispatcher machine needs a source and a timer: provide({ actors: dispatcherActors({ address }) })',
  );
}

function ofMicrogrid({ context }: { context: DispatcherContext }): { microgridId: number } {
  return { microgridId: context.microgridId };
}
