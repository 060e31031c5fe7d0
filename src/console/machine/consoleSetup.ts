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
import { planFormMachine } from '../plan/planFormMachine.js';
import { plannerMachine } from '../plan/plannerMachine.js';
import type { Done } from '../plan/write/done.js';
import type { SessionFacts } from '../session/sessionPort.js';
import type { DispatchVersion } from '../travel/dispatchVersions.js';
import type { Simulation } from '../travel/simulateUntil.js';
import { bringIntoView } from '../view/bringIntoView.js';
import { choose, followNow, pan, showTime, type ViewState, zoom } from '../view/viewState.js';
import { type ConsoleContext, type ConsoleInput, mayWrite, type OpenMicrogrid } from './consoleContext.js';
import type { ConsoleEvent } from './consoleEvent.js';
import { changedSubject, plannedInput, viewOfRestored } from './consolePlan.js';
import { type DispatcherHost, dispatcherHost } from './dispatcherHost.js';

/** Maximum number of microgrids that are opened at once when a session begins. */
const maxOpenedAtOnce = 8;

/** Minimum distance from the present, in milliseconds, at which another instant is looked at. */
const travelToleranceMs = 1_000;

/** What `consoleMachine` is made of: its types, actors, actions and guards. When they are used is told there. */
export const consoleSetup = setup({
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
    noteSession: assign(({ context: { view, nowMs } }, { facts }: { facts: SessionFacts }) => ({
      session: facts,
      signInProblem: null,
      view: facts.spanMs === undefined ? view : followNow({ ...view, toMs: view.fromMs + facts.spanMs }, nowMs),
    })),
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
    /** A dispatcher that failed is a problem of its microgrid; what else failed was about the one that is shown. */
    noteFailure: assign(({ context, event }) => {
      if (!('error' in event)) return {};
      const [, ofDispatcher] = /\.dispatcher-(\d+)$/.exec(event.type) ?? [];
      const id = ofDispatcher === undefined ? context.shownId : Number(ofDispatcher);
      if (id === null) return {};
      return changeMicrogrid(context, id, { problem: DispatchError.from(event.error).toJSON() });
    }),
    changeView: assign(({ context: { view, nowMs }, event }) => {
      switch (event.type) {
        case 'view.chosen':
          return { view: choose(view, event.choices) };
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
    tellPlanner: sendTo('planner', ({ context: { shownId } }, { done }: { done: Done | null }) =>
      done === null ? { type: 'news.read' } : { type: 'action.done', microgridId: shownId ?? 0, done },
    ),
    tellChange: sendTo('planForm', ({ context, event }) => ({
      type: 'subject.changed',
      subject: changedSubject(context, event) ?? null,
    })),
    showSaved: assign(({ context: { view, nowMs, shownId } }, { done }: { done: Done | null }) => {
      const saved = done?.records.find(({ id }) => id === view.chosenId) ?? done?.records[0];
      return saved !== undefined && saved.microgridId === shownId ? { view: bringIntoView(view, saved, nowMs) } : {};
    }),
    showRestored: assign(({ context, event }) => ({ view: viewOfRestored(context, event) })),
    closePlan: assign(({ context: { view } }) => ({ plan: null, view: { ...view, preview: [] } })),
  },
  guards: {
    isNew: ({ context, event }) =>
      event.type === 'microgrid.opened' &&
      context.session !== null &&
      !context.microgrids.some(({ id }) => id === event.microgridId),
    isOpen: ({ context, event }) =>
      'microgridId' in event && context.microgrids.some(({ id }) => id === event.microgridId),
    mayPlan: ({ context, event }) => mayWrite(context) && plannedInput(context, event) !== null,
    concernsPlan: ({ context, event }) => changedSubject(context, event) !== undefined,
    mayReadAudit: ({ context }) => context.session?.mayReadAudit === true && context.shownId !== null,
    isKnown: ({ context }) => context.versions !== null,
    isShown: ({ context, event }) => 'microgridId' in event && context.shownId === event.microgridId,
    leadsToPast: ({ context, event }) =>
      event.type === 'time.travelled' && context.shownId !== null && event.toMs < context.nowMs - travelToleranceMs,
    leadsToFuture: ({ context, event }) =>
      event.type === 'time.travelled' && context.shownId !== null && event.toMs > context.nowMs + travelToleranceMs,
  },
});

function childOf(microgridId: number) {
  return { id: `dispatcher-${microgridId}`, input: { microgridId } };
}

function open(self: AnyActorRef, host: ActorRefFrom<DispatcherHost>, id: number): OpenMicrogrid {
  const { dispatcher } = host.getSnapshot().context;
  self.getSnapshot().children.log?.send({ type: 'log.watch', microgridId: id, dispatcher });
  return { id, dispatcher, sync: null, witnessedFromMs: null, delivered: null, problem: null };
}

function withoutChoice(view: ViewState): ViewState {
  return { ...choose(view, { chosenId: null }), preview: [] };
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
