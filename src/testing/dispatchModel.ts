import { assign, setup } from 'xstate';

/** What can happen to the dispatch of {@link dispatchModel}. */
export type DispatchModelEvent =
  /** It comes to be before its run. */
  | { readonly type: 'create' }
  /** It comes to be before the first of its runs, which recur. */
  | { readonly type: 'createRecurring' }
  /** It comes to be, and its run begins now. */
  | { readonly type: 'createNow' }
  /** Time comes to the start of its next run. */
  | { readonly type: 'start' }
  /** Time comes to the end of its run. */
  | { readonly type: 'end' }
  /** What it is to do changes. */
  | { readonly type: 'reconfigure' }
  /** Its start moves into the future. */
  | { readonly type: 'putOff' }
  /** Its run was over and becomes longer, so that it goes on. */
  | { readonly type: 'prolong' }
  | { readonly type: 'deactivate' }
  | { readonly type: 'activate' }
  | { readonly type: 'delete' };

/** What {@link dispatchModel} remembers. */
export interface DispatchModelContext {
  /** Whether it has another run after the present one. */
  readonly recurs: boolean;
}

/**
 * The life of one dispatch as a consumer sees it, for `createTestModel` of `xstate/graph`: `absent`, `idle`, `running`,
 * `stopped` (`inactive`, `inactiveInRun`, `over`) and finally `deleted`.
 *
 * It is a model to make paths from, and has no part in how a dispatcher works. `dispatchModelRunner` plays its events.
 */
export const dispatchModel = setup({
  types: {
    context: {} as DispatchModelContext,
    events: {} as DispatchModelEvent,
  },
  actions: {
    noteRecurrence: assign({ recurs: true }),
  },
  guards: {
    recurs: ({ context }) => context.recurs,
  },
}).createMachine({
  id: 'dispatchModel',
  context: { recurs: false },
  initial: 'absent',
  states: {
    absent: {
      on: {
        create: { target: 'idle' },
        createRecurring: { target: 'idle', actions: 'noteRecurrence' },
        createNow: { target: 'running' },
      },
    },
    idle: {
      on: {
        start: { target: 'running' },
        reconfigure: { target: 'idle' },
        deactivate: { target: 'stopped.inactive' },
        delete: { target: 'deleted' },
      },
    },
    running: {
      on: {
        end: [{ guard: 'recurs', target: 'idle' }, { target: 'stopped.over' }],
        reconfigure: { target: 'running' },
        putOff: { target: 'idle' },
        deactivate: { target: 'stopped.inactiveInRun' },
        delete: { target: 'deleted' },
      },
    },
    stopped: {
      initial: 'inactive',
      states: {
        inactive: {
          on: {
            start: { target: 'inactiveInRun' },
            activate: { target: '#dispatchModel.idle' },
          },
        },
        inactiveInRun: {
          on: {
            activate: { target: '#dispatchModel.running' },
          },
        },
        over: {
          on: {
            putOff: { target: '#dispatchModel.idle' },
            prolong: { target: '#dispatchModel.running' },
          },
        },
      },
      on: { delete: { target: 'deleted' } },
    },
    deleted: { type: 'final' },
  },
});
