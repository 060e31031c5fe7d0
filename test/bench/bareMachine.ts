import { emit, setup } from 'xstate';

/** The least of a machine that does what a dispatch does when it starts: it takes an event, changes its state and emits one. */
export const bareMachine = setup({
  types: { events: {} as { type: 'start' }, emitted: {} as { type: 'started' } },
  actions: { announce: emit({ type: 'started' }) },
}).createMachine({
  initial: 'idle',
  states: { idle: { on: { start: { target: 'running', actions: 'announce' } } }, running: {} },
});
