import {
  assign,
  type EventObject,
  type MetaObject,
  type NonReducibleUnknown,
  type ParameterizedObject,
  type StateMachine,
  type StateSchema,
  setup,
} from 'xstate';

/** Events of {@link dispatchModel}. */
export type DispatchModelEvent =
  /** The dispatch is created, with one run in the future. */
  | { readonly type: 'create' }
  /** The dispatch is created, with recurring runs in the future. */
  | { readonly type: 'createRecurring' }
  /** The dispatch is created, and its run begins now. */
  | { readonly type: 'createNow' }
  /** Time advances to the start of its next run. */
  | { readonly type: 'start' }
  /** Time advances to the end of its run. */
  | { readonly type: 'end' }
  /** Its parameters change. */
  | { readonly type: 'reconfigure' }
  /** Its start moves into the future. */
  | { readonly type: 'putOff' }
  /** Its run is over and becomes longer, so that it continues. */
  | { readonly type: 'prolong' }
  | { readonly type: 'deactivate' }
  | { readonly type: 'activate' }
  | { readonly type: 'delete' };

/** Context of {@link dispatchModel}. */
export interface DispatchModelContext {
  /** Whether the dispatch has another run after the present one. */
  readonly recurs: boolean;
}

/** Type of {@link dispatchModel}, in words of every XState of the range: the inferred type has parameters that the oldest lacks. */
export type DispatchModel = StateMachine<
  DispatchModelContext,
  DispatchModelEvent,
  Record<never, never>,
  never,
  ParameterizedObject,
  ParameterizedObject,
  never,
  'absent' | 'idle' | 'running' | 'deleted' | { stopped: 'inactive' | 'inactiveInRun' | 'over' },
  string,
  NonReducibleUnknown,
  NonReducibleUnknown,
  EventObject,
  MetaObject,
  StateSchema
>;

/**
 * The life of one dispatch as a consumer sees it, for `createTestModel` of `xstate/graph`: `absent`, `idle`, `running`,
 * `stopped` (`inactive`, `inactiveInRun`, `over`) and finally `deleted`.
 *
 * Test paths are derived from this model; a dispatcher does not use it. `dispatchModelRunner` plays its events.
 */
export const dispatchModel: DispatchModel = setup({
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
