// How do I use dispatchMachine without a dispatcher, for dispatches that come from elsewhere?
import { type ActorRefFrom, assign, createActor, enqueueActions, setup } from 'xstate';
import type { DispatchRecord } from 'xstate-dispatch';
import { dispatchMachine, type RunNotification } from 'xstate-dispatch/machines';

/** Timers above 2^31-1 ms fire at once, and a change of the system clock is noticed only when a timer fires. */
const maxWaitMs = 60_000;

const planner = setup({
  types: {
    context: {} as { dispatches: readonly ActorRefFrom<typeof dispatchMachine>[] },
    events: {} as RunNotification | { type: 'plan'; dispatch: DispatchRecord },
  },
  actors: { dispatch: dispatchMachine },
  actions: {
    add: assign({
      dispatches: ({ context, event, spawn, self }) => {
        if (event.type !== 'plan') return context.dispatches;
        const dispatch = spawn('dispatch', { input: { dispatch: event.dispatch, atMs: Date.now() } });
        // What it emits reaches listeners, not its parent: this listener sends it on to this machine.
        dispatch.on('*', notification => self.send(notification));
        return [...context.dispatches, dispatch];
      },
    }),
    // A dispatch that is not due yet ignores it.
    wakeAll: enqueueActions(({ context, enqueue }) => {
      for (const dispatch of context.dispatches) enqueue.sendTo(dispatch, { type: 'timer.due', atMs: Date.now() });
    }),
    report: ({ event }) => {
      // A dry run must not touch any equipment.
      const suffix = event.dispatch.dryRun ? ' (dry run)' : '';
      if (event.type !== 'plan') console.log(`dispatch ${event.dispatch.id} ${event.type}${suffix}`);
    },
  },
  delays: {
    untilNextChange: ({ context }) => {
      const changes = context.dispatches.flatMap(dispatch => dispatch.getSnapshot().context.nextChange ?? []);
      const nextMs = Math.min(...changes.map(({ atMs }) => atMs));
      return Math.max(0, Math.min(nextMs - Date.now(), maxWaitMs));
    },
  },
}).createMachine({
  context: { dispatches: [] },
  initial: 'waiting',
  states: {
    waiting: {
      after: { untilNextChange: { target: 'waiting', reenter: true, actions: 'wakeAll' } },
    },
  },
  on: {
    plan: { target: '.waiting', actions: 'add' },
    // After each notification the next change is another one: set the timer again.
    'running.*': { target: '.waiting', actions: 'report' },
    'run.missed': { target: '.waiting', actions: 'report' },
  },
});

const actor = createActor(planner).start();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => actor.stop());

const nowMs = Date.now();
actor.send({
  type: 'plan',
  dispatch: {
    id: 1,
    microgridId: 1,
    type: 'CHARGE',
    startTimeMs: nowMs + 200,
    durationMs: 1_000,
    selector: { categories: [{ category: 'BATTERY' }] },
    active: true,
    dryRun: false,
    payload: { kw: 5 },
    recurrence: null,
    createTime: new Date(nowMs).toISOString(),
    updateTime: new Date(nowMs).toISOString(),
    endTimeMs: null,
  },
});
console.log('dispatch 1 is planned');
