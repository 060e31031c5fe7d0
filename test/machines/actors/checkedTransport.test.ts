import { describe, expect, it } from 'vitest';
import type { DispatchChange, Transport } from '../../../machines/protocol/transport.js';
import { Dispatcher } from '../../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../../src/logger.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { memoryTransport } from '../../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../../src/testing/simulatedClock.js';
import { dispatchRecord, hourMs } from '../../support/dispatchRecord.js';
import { at } from '../../support/time.js';

const record = (id: number, changes: object = {}) =>
  dispatchRecord({ id, startTimeMs: at('08:30'), durationMs: hourMs, ...changes });

/** A dispatcher with a transport of its own, what it announces and its problems. */
async function dispatcherWith(transport: Transport) {
  const clock = simulatedClock(at('09:00'));
  const dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger });
  const started: number[] = [];
  const problems: string[] = [];
  dispatcher.on('running', ({ id }) => started.push(id));
  dispatcher.on('problem', ({ code, message }) => problems.push(`${code}: ${message}`));
  await dispatcher.start();
  await clock.settle();
  await clock.advanceBy(2_000);
  const { state } = dispatcher.status;
  // What is kept must have JSON.
  JSON.stringify(dispatcher.actor.getPersistedSnapshot());
  await dispatcher.stop();
  return { started, problems, state };
}

function streaming(...changes: unknown[]): Transport {
  const { list } = memoryTransport([record(1)]);
  return {
    list,
    watch: ({ signal }) => ({
      opened: Promise.resolve(),
      async *[Symbol.asyncIterator]() {
        yield* changes as DispatchChange[];
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    }),
  };
}

function listing(...dispatches: unknown[]): Transport {
  const { watch } = memoryTransport([]);
  return {
    watch,
    async *list() {
      yield { dispatches: dispatches as DispatchRecord[], problems: [] };
    },
  };
}

const invalid: readonly [string, unknown, string][] = [
  ['null', null, 'a dispatch of the transport is invalid: it must be an object, not null'],
  ['a list', [], 'it must be an object, not a list'],
  ['only an id', { id: 5 }, 'dispatch 5 of the transport is invalid: type must be a string, not undefined'],
  ['of another microgrid', record(5, { microgridId: 2 }), 'microgridId must be 1, not 2'],
  ['with an id that is a text', record(5, { id: '5' }), "id must be an integer of 0 or more, not '5'"],
  ['with an id that is a bigint', record(5, { id: 5n }), 'id must be an integer of 0 or more, not 5'],
  ['with a start that is no number', record(5, { startTimeMs: Number.NaN }), 'startTimeMs must be'],
  ['with a start between milliseconds', record(5, { startTimeMs: 0.5 }), 'startTimeMs must be'],
  ['with a negative duration', record(5, { durationMs: -1 }), 'durationMs must be'],
  ['without a selector', record(5, { selector: undefined }), 'selector must be'],
  [
    'with a selector of both kinds',
    record(5, { selector: { ids: [1], categories: [{ category: 'BATTERY' }] } }),
    'selector must be',
  ],
  ['without a payload', record(5, { payload: null }), 'payload must be'],
];

describe.each(invalid)('a dispatch of a transport that is %s', (_, dispatch, message) => {
  it('costs only itself in a list', async () => {
    const { started, problems, state } = await dispatcherWith(listing(record(1), dispatch, record(2)));
    expect([state, started]).toEqual(['live', [1, 2]]);
    expect(problems).toEqual([expect.stringMatching(/^UNDECODABLE: /)]);
    expect(problems[0]).toContain(message);
  });

  it('costs only itself in a stream', async () => {
    const changes = [
      { kind: 'created', dispatch },
      { kind: 'updated', dispatch },
      { kind: 'created', dispatch: record(2) },
    ];
    const { started, problems, state } = await dispatcherWith(streaming(...changes));
    expect([state, started]).toEqual(['live', [1, 2]]);
    expect(problems).toHaveLength(2);
    for (const problem of problems) expect(problem).toContain(message);
  });
});

it('a change that is none is a problem', async () => {
  const { started, problems, state } = await dispatcherWith(streaming(null, { kind: 'created', dispatch: record(2) }));
  expect([state, started]).toEqual(['live', [1, 2]]);
  expect(problems).toHaveLength(1);
});

it('a transport may be an object of a class with private fields', async () => {
  class OwnTransport implements Transport {
    readonly #inner = memoryTransport([record(1)]);
    #connectedAnew = 0;

    get connectedAnewCount(): number {
      return this.#connectedAnew;
    }

    cut(): void {
      this.#inner.failNext('watch', new DispatchError('UNAVAILABLE', 'away'));
      this.#inner.cut();
    }

    list(options: Parameters<Transport['list']>[0]) {
      return this.#inner.list(options);
    }

    watch(options: Parameters<Transport['watch']>[0]) {
      return this.#inner.watch(options);
    }

    isGracefulEnd({ code }: DispatchError): boolean {
      return this.#inner !== undefined && code === 'UNAVAILABLE';
    }

    async connectedAnew(): Promise<void> {
      this.#connectedAnew += 1;
    }
  }
  const transport = new OwnTransport();
  const clock = simulatedClock(at('09:00'));
  await using dispatcher = new Dispatcher({ microgridId: 1, transport, clock, logger: silentLogger });
  await dispatcher.start();
  await dispatcher.ready();
  transport.cut();
  await clock.advanceBy(5_000);
  expect([dispatcher.status.state, transport.connectedAnewCount > 0]).toEqual(['live', true]);
});

describe('what a transport may leave out', () => {
  const fail = () => {
    throw new Error('it broke');
  };
  it.each<[string, object, string[]]>([
    ['tells of an end by throwing', { isGracefulEnd: fail }, ['it broke']],
    ['throws when it is to connect', { connectedAnew: fail }, []],
    ['tells at once that it is connected, but not when', { connectedAnew: () => undefined }, []],
  ])('%s, and the dispatcher connects again', async (_, methods, messages) => {
    const memory = memoryTransport([record(1)]);
    memory.failNext('list', new DispatchError('UNAVAILABLE', 'away'));
    const { state, problems } = await dispatcherWith({ list: memory.list, watch: memory.watch, ...methods });
    expect(state).toBe('live');
    expect(problems).toEqual([
      ...messages.map(message => expect.stringContaining(message)),
      expect.stringContaining('away'),
    ]);
  });

  it.each([5, 'x', -1, Number.NaN])(
    'goes on from nowhere: all is listed, whatever backlog it tells, %s',
    async backlog => {
      const { list, watch } = memoryTransport([record(1)]);
      const lying: Transport = {
        list,
        watch: options => ({
          ...watch(options),
          opened: Promise.resolve({ position: '1', backlog: backlog as number }),
        }),
      };
      expect(await dispatcherWith(lying)).toMatchObject({ state: 'live', started: [1] });
    },
  );
});
