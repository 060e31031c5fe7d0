import { fromCallback, fromPromise, setup } from 'xstate';
import type { DispatchInfo, ManagedActorEvent } from '../../../machines/manage/dispatchInfo.js';
import type { Clock } from '../../../machines/protocol/clock.js';
import type { Conduct } from './expectedActor.js';

/** What the actors of {@link worker} say, and what they are to do. */
export interface WorkerWorld {
  readonly clock: Clock;
  /** What the actor of a dispatch does, which is started now. */
  conductOf(dispatchId: number): Conduct;
  say(dispatchId: number, what: string): void;
}

/** An actor that works at something while it runs, and does what the world says. */
export function worker({ clock, conductOf, say }: WorkerWorld) {
  const doing = fromPromise<void, Conduct>(
    ({ input }) =>
      new Promise((resolve, reject) => {
        if (!('afterMs' in input)) return;
        const settle = () => (input.does === 'ends' ? resolve() : reject(new Error('it broke')));
        clock.setTimer(settle, input.afterMs);
      }),
  );
  const switchedOn = fromCallback<ManagedActorEvent, DispatchInfo>(({ input: { dispatchId, payload } }) => {
    say(dispatchId, `on with ${payload.note}`);
    return () => say(dispatchId, 'off');
  });
  return setup({
    types: {
      input: {} as DispatchInfo,
      context: {} as { info: DispatchInfo; conduct: Conduct },
      events: {} as ManagedActorEvent,
    },
    actors: { doing, switchedOn },
    actions: {
      begin: ({ context }) => {
        if (context.conduct.does === 'fails at once') throw new Error('it does not start');
      },
      hear: ({ context, event }) => {
        if (event.type === 'dispatch.reconfigured') say(context.info.dispatchId, `hears of ${event.info.payload.note}`);
      },
      hearOfStop: ({ context }) => say(context.info.dispatchId, 'is asked to stop'),
      fail: () => {
        throw new Error('it broke');
      },
    },
    guards: { hangs: ({ context }) => context.conduct.does === 'hangs' },
  }).createMachine({
    context: ({ input }) => {
      const conduct = conductOf(input.dispatchId);
      say(input.dispatchId, 'tries');
      if (conduct.does === 'cannot be made') throw new Error('there is no such device');
      return { info: input, conduct };
    },
    initial: 'working',
    states: {
      working: {
        entry: 'begin',
        invoke: [
          { src: 'switchedOn', input: ({ context }) => context.info },
          { src: 'doing', input: ({ context }) => context.conduct, onDone: 'done', onError: 'broken' },
        ],
        on: {
          'dispatch.reconfigured': { actions: 'hear' },
          'dispatch.stopped': [
            { guard: 'hangs', actions: 'hearOfStop' },
            { target: 'done', actions: 'hearOfStop' },
          ],
        },
      },
      broken: { entry: 'fail' },
      done: { type: 'final' },
    },
  });
}
