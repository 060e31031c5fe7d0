import {
  type ActorRefFrom,
  type AnyActorRef,
  assign,
  type EventObject,
  enqueueActions,
  fromCallback,
  fromPromise,
  sendTo,
  setup,
  stopChild,
} from 'xstate';
import { DispatchError } from '../../model/dispatchError.js';
import { eventLogOf } from '../log/eventLog.js';
import type { PlanFormInput } from '../plan/planFormContext.js';
import { planFormMachine } from '../plan/planFormMachine.js';
import { plannerMachine } from '../plan/plannerMachine.js';
import { formInput, subjectAfter } from '../plan/planRequest.js';
import type { Done } from '../plan/write/done.js';
import type { SessionFacts } from '../session/sessionPort.js';
import type { DispatchVersion } from '../travel/dispatchVersions.js';
import type { Simulation } from '../travel/simulateUntil.js';
import { bringIntoView } from '../view/bringIntoView.js';
import { followNow, pan, showTime, type ViewState, zoom } from '../view/viewState.js';
import {
  type ConsoleContext,
  type ConsoleInput,
  initialContext,
  type OpenMicrogrid,
  registryOf,
  shownMicrogrid,
} from './consoleContext.js';
import type { ConsoleEvent } from './consoleEvent.js';
import { type DispatcherHost, dispatcherHost } from './dispatcherHost.js';

/** Maximum number of microgrids that are opened at once when a session begins. */
const maxOpenedAtOnce = 8;

/** Minimum distance from the present, in milliseconds, at which another instant is looked at. */
const travelToleranceMs = 1_000;

/**
 * The console: its session, the dispatchers of its open microgrids, and what it shows.
 *
 * Its actors come by `consoleOf(port)`: `signIn`, `dispatcher`, which hosts a `dispatcherMachine`, `audit`,
 * which reads the past, `history`, which reads what was delivered in it, and `simulation`, which plays the future.
 *
 * - `session`: signed out, signing in, or signed in; then each open microgrid has its dispatcher as a child, `dispatcher-ID`.
 * - `view`: what is shown, and the present time. It is a region: an event that another one takes does not get to the root.
 * - `log`: whether the page follows the log or has paused it; the entries are in the child `log`, and go on in any case.
 * - `time`: the present, the past or the future is looked at. The dispatchers go on in any case.
 * - `plan`: whether the form for a dispatch is open.
 */
export const consoleMachine = setup({
  types: {
    input: {} as ConsoleInput,
    context: {} as ConsoleContext,
    events: {} as ConsoleEvent,
  },
  actors: {
    signIn: fromPromise<SessionFacts, { fields: Readonly<Record<string, string>> }>(notProvided),
    dispatcher: dispatcherHost(),
    log: eventLogOf(notProvided),
    planner: plannerMachine,
    planForm: planFormMachine,
    audit: fromPromise<readonly DispatchVersion[], { microgridId: number }>(notProvided),
    history: fromCallback<EventObject, { microgridId: number }>(notProvided),
    simulation: fromPromise<Simulation, { microgrid: OpenMicrogrid; fromMs: number; toMs: number }>(notProvided),
  },
  actions: {
    /** Provided: forgets the credentials and closes the connections. */
    closeSession: () => {},
    noteSession: assign((_, { facts }: { facts: SessionFacts }) => ({ session: facts, signInProblem: null })),
    noteSignInProblem: assign((_, { error }: { error: unknown }) => ({
      signInProblem: DispatchError.from(error).toJSON(),
    })),
    openFirst: assign(({ context: { session }, spawn, self }) => {
      if (session === null) return {};
      const few = session.microgrids === 'all' ? [] : session.microgrids.slice(0, maxOpenedAtOnce);
      const ids = [...new Set([...session.openFirst, ...few])];
      if (session.hasHistory) for (const id of ids) spawn('history', { input: { microgridId: id } });
      return { microgrids: ids.map(id => open(self, spawn('dispatcher', childOf(id)), id)), shownId: ids[0] ?? null };
    }),
    openMicrogrid: assign(({ context, event, spawn, self }) => {
      if (event.type !== 'microgrid.opened') return {};
      const { microgridId } = event;
      if (context.session?.hasHistory) spawn('history', { input: { microgridId } });
      return {
        microgrids: [...context.microgrids, open(self, spawn('dispatcher', childOf(microgridId)), microgridId)],
        shownId: microgridId,
        view: withoutChoice(context.view),
      };
    }),
    stopDispatcher: stopChild(({ event }) => ('microgridId' in event ? `dispatcher-${event.microgridId}` : '')),
    closeMicrogrid: assign(({ context, event }) => {
      if (event.type !== 'microgrid.closed') return {};
      const microgrids = context.microgrids.filter(({ id }) => id !== event.microgridId);
      if (context.shownId !== event.microgridId) return { microgrids };
      return { microgrids, shownId: microgrids[0]?.id ?? null, view: withoutChoice(context.view) };
    }),
    stopDispatchers: enqueueActions<
      ConsoleContext,
      ConsoleEvent,
      undefined,
      ConsoleEvent,
      never,
      never,
      never,
      never,
      never
    >(({ enqueue, context }) => {
      for (const { id } of context.microgrids) enqueue.stopChild(`dispatcher-${id}`);
    }),
    forgetSession: assign(({ context: { view } }) => ({
      microgrids: [],
      shownId: null,
      session: null,
      view: withoutChoice(view),
    })),
    showMicrogrid: assign(({ context: { view }, event }) =>
      event.type === 'microgrid.shown' ? { shownId: event.microgridId, view: withoutChoice(view) } : {},
    ),
    noteSync: assign(({ context, event }) => {
      if (event.type !== 'dispatcher.sync') return {};
      const { microgridId, status } = event;
      const before = context.microgrids.find(({ id }) => id === microgridId)?.witnessedFromMs ?? null;
      const witnessedFromMs = before ?? (status.state === 'live' ? context.nowMs : null);
      return changeMicrogrid(context, microgridId, { sync: status, witnessedFromMs });
    }),
    noteDelivered: assign(({ context, event }) =>
      event.type === 'history.read' ? changeMicrogrid(context, event.microgridId, { delivered: event.delivered }) : {},
    ),
    noteProblem: assign(({ context, event }) =>
      event.type === 'dispatcher.problem'
        ? changeMicrogrid(context, event.microgridId, { problem: event.problem.toJSON() })
        : {},
    ),
    noteFailure: assign(({ context, event }) => {
      if (!('error' in event)) return {};
      const id = Number(event.type.split('-').at(-1));
      return changeMicrogrid(context, id, { problem: DispatchError.from(event.error).toJSON() });
    }),
    changeView: assign(({ context: { view, nowMs }, event }) => {
      switch (event.type) {
        case 'view.chosen':
          return { view: { ...view, ...event.choices } };
        case 'view.zoomed':
          return { view: zoom(view, event.factor, event.aroundMs, nowMs) };
        case 'view.panned':
          return { view: pan(view, event.byMs) };
        case 'view.timeShown':
          return { view: showTime(view, event.fromMs, event.toMs) };
        case 'view.followed':
          return { view: followNow(view, nowMs) };
        default:
          return {};
      }
    }),
    tick: assign(({ context: { view }, event }) =>
      event.type === 'clock.ticked'
        ? { nowMs: event.atMs, view: view.follows ? followNow(view, event.atMs) : view }
        : {},
    ),
    travel: assign(({ event }) => (event.type === 'time.travelled' ? { travelMs: event.toMs } : {})),
    return: assign({ travelMs: null, simulation: null, travelProblem: null }),
    forgetVersions: assign({ versions: null }),
    noteVersions: assign((_, { versions }: { versions: readonly DispatchVersion[] }) => ({
      versions,
      travelProblem: null,
    })),
    noteTravelProblem: assign((_, { error }: { error: unknown }) => ({
      travelProblem: DispatchError.from(error).toJSON(),
    })),
    noteSimulation: assign((_, { simulation }: { simulation: Simulation }) => ({ simulation })),
    openPlan: assign(({ context, event }) => ({ plan: plannedInput(context, event) })),
    previewPlan: assign(({ context: { view }, event }) =>
      event.type === 'plan.previewed' ? { view: { ...view, preview: event.records } } : {},
    ),
    tellForm: sendTo('planForm', ({ event }) => event),
    tellPlanner: sendTo('planner', (_, { done }: { done: Done | null }) =>
      done === null ? { type: 'news.read' } : { type: 'action.done', done },
    ),
    tellChange: sendTo('planForm', ({ context, event }) => ({
      type: 'subject.changed',
      subject: changedSubject(context, event) ?? null,
    })),
    showSaved: assign(({ context: { view, nowMs, shownId } }, { done }: { done: Done | null }) => {
      const saved = done?.records.find(({ id }) => id === view.chosenId) ?? done?.records[0];
      return saved !== undefined && saved.microgridId === shownId ? { view: bringIntoView(view, saved, nowMs) } : {};
    }),
    closePlan: assign(({ context: { view } }) => ({ plan: null, view: { ...view, preview: [] } })),
  },
  guards: {
    isNew: ({ context, event }) =>
      event.type === 'microgrid.opened' &&
      context.session !== null &&
      !context.microgrids.some(({ id }) => id === event.microgridId),
    isOpen: ({ context, event }) =>
      'microgridId' in event && context.microgrids.some(({ id }) => id === event.microgridId),
    mayPlan: ({ context, event }) => context.session?.mayWrite === true && plannedInput(context, event) !== null,
    concernsPlan: ({ context, event }) => changedSubject(context, event) !== undefined,
    mayReadAudit: ({ context }) => context.session?.mayReadAudit === true && context.shownId !== null,
    isKnown: ({ context }) => context.versions !== null,
    isShown: ({ context, event }) => 'microgridId' in event && context.shownId === event.microgridId,
    leadsToPast: ({ context, event }) =>
      event.type === 'time.travelled' && context.shownId !== null && event.toMs < context.nowMs - travelToleranceMs,
    leadsToFuture: ({ context, event }) =>
      event.type === 'time.travelled' && context.shownId !== null && event.toMs > context.nowMs + travelToleranceMs,
  },
}).createMachine({
  id: 'console',
  context: initialContext,
  type: 'parallel',
  invoke: { id: 'log', src: 'log' },
  states: {
    session: {
      initial: 'signedOut',
      states: {
        signedOut: {
          on: { 'session.open': { target: 'signingIn' } },
        },
        signingIn: {
          invoke: {
            src: 'signIn',
            input: ({ event }) => ({ fields: event.type === 'session.open' ? event.fields : {} }),
            onDone: {
              target: 'signedIn',
              actions: { type: 'noteSession', params: ({ event }) => ({ facts: event.output }) },
            },
            onError: {
              target: 'signedOut',
              actions: { type: 'noteSignInProblem', params: ({ event }) => ({ error: event.error }) },
            },
          },
          on: { 'session.close': { target: 'signedOut' } },
        },
        signedIn: {
          entry: 'openFirst',
          invoke: { id: 'planner', src: 'planner' },
          exit: ['stopDispatchers', 'forgetSession', 'closeSession'],
          on: {
            'microgrid.opened': [{ guard: 'isNew', actions: 'openMicrogrid' }],
            'microgrid.closed': { guard: 'isOpen', actions: ['stopDispatcher', 'closeMicrogrid'] },
            'microgrid.shown': { guard: 'isOpen', actions: 'showMicrogrid' },
            'dispatcher.sync': { actions: 'noteSync' },
            'dispatcher.problem': { actions: 'noteProblem' },
            'history.read': { actions: 'noteDelivered' },
            'session.close': { target: 'signedOut' },
          },
        },
      },
    },
    view: { on: { 'view.*': { actions: 'changeView' }, 'clock.ticked': { actions: 'tick' } } },
    log: {
      initial: 'following',
      states: {
        following: { on: { 'log.paused': { target: 'paused' } } },
        paused: { on: { 'log.resumed': { target: 'following' } } },
      },
    },
    time: {
      initial: 'present',
      states: {
        present: { entry: 'return' },
        past: {
          initial: 'choosing',
          states: {
            choosing: {
              always: [
                { guard: 'isKnown', target: 'known' },
                { guard: 'mayReadAudit', target: 'reading' },
                { target: 'unknown' },
              ],
            },
            reading: {
              invoke: {
                src: 'audit',
                input: ({ context }) => ({ microgridId: context.shownId ?? 0 }),
                onDone: {
                  target: 'known',
                  actions: { type: 'noteVersions', params: ({ event }) => ({ versions: event.output }) },
                },
                onError: {
                  target: 'unknown',
                  actions: { type: 'noteTravelProblem', params: ({ event }) => ({ error: event.error }) },
                },
              },
              on: { 'time.travelled': { guard: 'leadsToPast', actions: 'travel' } },
            },
            known: {},
            unknown: {},
          },
        },
        future: {
          initial: 'simulating',
          states: {
            simulating: {
              invoke: {
                src: 'simulation',
                input: ({ context }) => ({
                  microgrid: shownMicrogrid(context) as OpenMicrogrid,
                  fromMs: context.nowMs,
                  toMs: context.travelMs ?? context.nowMs,
                }),
                onDone: {
                  target: 'simulated',
                  actions: { type: 'noteSimulation', params: ({ event }) => ({ simulation: event.output }) },
                },
                onError: {
                  target: 'simulated',
                  actions: { type: 'noteTravelProblem', params: ({ event }) => ({ error: event.error }) },
                },
              },
            },
            simulated: {},
          },
        },
      },
      on: {
        'time.travelled': [
          { guard: 'leadsToPast', target: '.past', actions: 'travel' },
          { guard: 'leadsToFuture', target: '.future', actions: 'travel' },
          { target: '.present' },
        ],
        'time.returned': { target: '.present', actions: 'forgetVersions' },
        'microgrid.opened': { guard: 'isNew', target: '.present', actions: 'forgetVersions' },
        'microgrid.closed': { guard: 'isShown', target: '.present', actions: 'forgetVersions' },
        'microgrid.shown': { guard: 'isOpen', target: '.present', actions: 'forgetVersions' },
        'session.close': { target: '.present', actions: 'forgetVersions' },
      },
    },
    plan: {
      initial: 'closed',
      states: {
        closed: { on: { 'plan.opened': { guard: 'mayPlan', target: 'open', actions: 'openPlan' } } },
        open: {
          exit: 'closePlan',
          invoke: {
            id: 'planForm',
            src: 'planForm',
            input: ({ context }) => context.plan as PlanFormInput,
            onDone: {
              target: 'closed',
              actions: [
                { type: 'tellPlanner', params: ({ event }) => ({ done: event.output }) },
                { type: 'showSaved', params: ({ event }) => ({ done: event.output }) },
              ],
            },
          },
          on: {
            'clock.ticked': { actions: 'tellForm' },
            'lifecycle.*': { guard: 'concernsPlan', actions: 'tellChange' },
            'plan.previewed': { actions: 'previewPlan' },
            'plan.closed': { target: 'closed' },
            'microgrid.opened': { guard: 'isNew', target: 'closed' },
            'microgrid.closed': { guard: 'isShown', target: 'closed' },
            'microgrid.shown': { guard: 'isOpen', target: 'closed' },
            'session.close': { target: 'closed' },
          },
        },
      },
    },
  },
  on: {
    // Otherwise the console would fail with it.
    'xstate.error.actor.*': { actions: 'noteFailure' },
  },
});

/** An actor of {@link consoleMachine}. */
export type ConsoleActor = ActorRefFrom<typeof consoleMachine>;

/** The input of the form that is asked for; null: it cannot be opened. */
function plannedInput(context: ConsoleContext, event: ConsoleEvent): PlanFormInput | null {
  const microgrid = shownMicrogrid(context);
  const present = microgrid && registryOf(microgrid);
  if (event.type !== 'plan.opened' || microgrid === undefined || present === undefined) return null;
  return formInput(event.request, {
    microgridId: microgrid.id,
    zone: context.view.zone,
    nowMs: context.nowMs,
    present,
  });
}

/** What is edited in the form after a dispatch of it changed; undefined: none did. */
function changedSubject(context: ConsoleContext, event: ConsoleEvent): ReturnType<typeof subjectAfter> {
  const { plan, nowMs } = context;
  const present = shownRegistry(context);
  if (!event.type.startsWith('lifecycle.') || !('dispatch' in event) || plan === null || present === undefined)
    return undefined;
  return event.dispatch.microgridId === plan.microgridId
    ? subjectAfter(plan.subject, event.dispatch, present, nowMs)
    : undefined;
}

function shownRegistry(context: ConsoleContext) {
  const microgrid = shownMicrogrid(context);
  return microgrid && registryOf(microgrid);
}

function childOf(microgridId: number) {
  return { id: `dispatcher-${microgridId}`, input: { microgridId } };
}

function open(self: AnyActorRef, host: ActorRefFrom<DispatcherHost>, id: number): OpenMicrogrid {
  const { dispatcher } = host.getSnapshot().context;
  self.getSnapshot().children.log?.send({ type: 'log.watch', microgridId: id, dispatcher });
  return { id, dispatcher, sync: null, witnessedFromMs: null, delivered: null, problem: null };
}

function withoutChoice(view: ViewState): ViewState {
  return { ...view, chosenId: null, preview: [] };
}

function changeMicrogrid(
  context: ConsoleContext,
  id: number,
  changes: Partial<OpenMicrogrid>,
): Partial<ConsoleContext> {
  return {
    microgrids: context.microgrids.map(microgrid => (microgrid.id === id ? { ...microgrid, ...changes } : microgrid)),
  };
}

function notProvided(): never {
  throw new Error('the console machine needs its actors: consoleOf(port)');
}
