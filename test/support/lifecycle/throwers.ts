import type { Transport } from '../../../machines/protocol/transport.js';
import type { Dispatcher, DispatcherOptions } from '../../../src/dispatcher/dispatcher.js';
import type { DispatcherEvents } from '../../../src/dispatcher/dispatcherOptions.js';
import type { Logger } from '../../../src/logger.js';
import type { SimulatedClock } from '../../../src/testing/simulatedClock.js';

type Options = Partial<Omit<DispatcherOptions, 'transport' | 'clock'>> & {
  readonly transport: Transport;
  readonly clock: SimulatedClock;
};

/** Who throws meanwhile. */
interface Thrower {
  readonly options?: (options: Options) => Partial<Options>;
  readonly listen?: (dispatcher: Dispatcher) => void;
  /** Whether the dispatcher never gets to follow its service. */
  readonly isDeaf?: true;
}

const broken = (): never => {
  throw new Error('broken');
};

const brokenLogger: Logger = { debug: broken, info: broken, warn: broken, error: broken };

const eventNames: readonly (keyof DispatcherEvents)[] = [
  'lifecycle',
  'running',
  'missed',
  'restored',
  'sync',
  'problem',
];

/** What the observer of the actor system throws. */
export const observerFailure = new Error('the observer broke');

/** Who throws meanwhile. */
export const throwers: Record<string, Thrower> = {
  nobody: {},
  'each listener': {
    listen: dispatcher => {
      for (const name of eventNames) dispatcher.on(name, broken);
    },
  },
  'each listener, later': {
    listen: dispatcher => {
      for (const name of eventNames) dispatcher.on(name, async () => broken());
    },
  },
  'the logger': { options: () => ({ logger: brokenLogger }) },
  'the inspector': { options: () => ({ inspect: { next: broken } }) },
  'the transport, at once': { isDeaf: true, options: () => ({ transport: { list: broken, watch: broken } }) },
  'the transport, with no error': {
    isDeaf: true,
    options: ({ transport }) => ({
      transport: {
        watch: of => transport.watch(of),
        // biome-ignore lint/correctness/useYield: it fails before.
        async *list() {
          throw null;
        },
      },
    }),
  },
  'an observer of the actor system, once': {
    isDeaf: true,
    listen: ({ actor }) => {
      let count = 0;
      actor.system.inspect(({ type }) => {
        if (type === '@xstate.event' && ++count === 10) throw observerFailure;
      });
    },
  },
};
