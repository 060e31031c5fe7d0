import type { Dispatcher } from '../../../src/dispatcher/dispatcher.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import type { MemoryTransport } from '../../../src/testing/memoryTransport.js';
import type { SimulatedClock } from '../../../src/testing/simulatedClock.js';
import { at } from '../time.js';

/** What a cell of the table plays in. */
export interface World {
  readonly clock: SimulatedClock;
  readonly transport: MemoryTransport;
  readonly dispatcher: Dispatcher;
  /** Starts the dispatcher, for a second time when its store was in use. */
  start(): Promise<void>;
  /** Tells it to stop, and notes that it was told. */
  stop(): Promise<void>;
}

/** How an end is reached. */
interface Ending {
  readonly play: (world: World) => Promise<void>;
  /** Whether the dispatcher has followed its service before. */
  readonly followed?: true;
}

async function live({ start, clock }: World): Promise<void> {
  // Whoever plays the cell looks at what became of the start.
  start().catch(() => {});
  await clock.advanceBy(300);
}

/** How a dispatcher ends. */
export const endings: Record<string, Ending> = {
  'stop before the start': { play: ({ stop }) => stop() },
  'stop during the start': {
    play: ({ start, stop }) => {
      start().catch(() => {});
      return stop();
    },
  },
  'stop in the first sync listener': {
    play: async world => {
      world.dispatcher.on('sync', () => void world.stop());
      await live(world);
    },
  },
  'stop before it is ready': {
    play: async world => {
      world.transport.hold('list');
      await live(world);
      await world.stop();
    },
  },
  'stop during the restore': {
    play: async world => {
      world.dispatcher.on('restored', () => void world.stop());
      await live(world);
      await world.stop();
    },
  },
  'stop while it waits to connect again': {
    play: async world => {
      for (let i = 0; i < 30; i++) world.transport.failNext('watch', new DispatchError('UNAVAILABLE', 'down'));
      await live(world);
      await world.stop();
    },
  },
  'stop when it is live': {
    followed: true,
    play: async world => {
      await live(world);
      await world.stop();
    },
  },
  'stop twice': {
    followed: true,
    play: async world => {
      await live(world);
      await Promise.all([world.stop(), world.stop()]);
    },
  },
  'stop in a burst': {
    play: async world => {
      world.dispatcher.on('running', ({ id }) => {
        if (id === 2) void world.stop();
      });
      await live(world);
      await world.clock.advanceTo(at('09:00:01'));
      await world.stop();
    },
  },
  'actor.stop() when it is live': {
    followed: true,
    play: async world => {
      await live(world);
      world.dispatcher.actor.stop();
    },
  },
  'actor.stop() while it connects': {
    play: async world => {
      world.transport.hold('watch');
      await live(world);
      world.dispatcher.actor.stop();
    },
  },
  'a part fails': {
    followed: true,
    play: async world => {
      await live(world);
      // A program may have stopped it by now; XState warns of events that come too late.
      if (world.dispatcher.status.state !== 'live') return world.stop();
      world.dispatcher.actor.send({ type: 'xstate.error.actor.timer', error: new Error('the timer broke') });
    },
  },
  'the machine fails': {
    followed: true,
    play: async world => {
      await live(world);
      const { actor } = world.dispatcher;
      const undo = actor.system.inspect(({ type, actorRef }) => {
        if (type !== '@xstate.microstep' || actorRef !== actor) return;
        undo.unsubscribe();
        throw new Error('the machine broke');
      });
      world.transport.update(3, { payload: { n: 1 } });
      await world.clock.advanceBy(0);
      // One that followed nothing has no machine that could fail.
      if (world.dispatcher.status.state !== 'stopped') await world.stop();
    },
  },
};
