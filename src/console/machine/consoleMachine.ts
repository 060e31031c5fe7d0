import type { ActorRefFrom } from 'xstate';
import type { PlanFormInput } from '../plan/planFormContext.js';
import { initialContext, type OpenMicrogrid, shownMicrogrid } from './consoleContext.js';
import { consoleSetup } from './consoleSetup.js';

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
export const consoleMachine = consoleSetup.createMachine({
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
            'plan.restored': { actions: 'showRestored' },
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
            onError: { target: 'closed', actions: 'noteFailure' },
          },
          on: {
            'clock.ticked': { actions: 'tellForm' },
            'lifecycle.*': { guard: 'concernsPlan', actions: 'tellChange' },
            'plan.opened': { guard: 'mayPlan', target: 'open', reenter: true, actions: 'openPlan' },
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
