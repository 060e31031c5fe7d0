// How do I run the machines of dispatches that come from elsewhere, without a dispatcher and a service?
import { type ActorRefFrom, assign, createActor, enqueueActions, setup } from 'xstate';
import type { DispatchRecord } from 'xstate-dispatch';
import { dispatchMachine, type RunNotification } from 'xstate-dispatch/machines';

/** Longer timers fire at once, and a clock that is set is only noticed when somebody looks. */
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
        // What it emits reaches listeners only; this one makes events of this machine of it.
        dispatch.on('*', notification => self.send(notification));
        return [...context.dispatches, dispatch];
      },
    }),
    // A dispatch that is not due yet takes no notice.
    wakeAll: enqueueActions(({ context, enqueue }) => {
      for (const dispatch of context.dispatches) enqueue.sendTo(dispatch, { type: 'timer.due', atMs: Date.now() });
    }),
    report: ({ event }) => {
      if (event.type !== 'plan') console.log(`dispatch ${event.dispatch.id} ${event.type}`);
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
    // Whatever they say, their next change is another one now: wait for that.
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
