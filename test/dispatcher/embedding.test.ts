import { execFile } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type ActorRefFrom,
  type AnyActorRef,
  assign,
  createActor,
  enqueueActions,
  type InspectionEvent,
  sendTo,
  setup,
  waitFor,
} from 'xstate';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { clientTransport } from '../../src/dispatcher/clientTransport.js';
import { dispatcherActors } from '../../src/dispatcher/dispatcherActors.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { compiledModule } from '../support/compiled.js';
import { daily, dispatchRecord } from '../support/dispatchRecord.js';
import { at } from '../support/time.js';

async function serve(): Promise<DispatchService> {
  const service = await startDispatchService();
  onTestFinished(() => service.stop());
  return service;
}

/** Stands before a service and counts the connections to it. */
async function countingProxy(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    const onward = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) {
      end.on('error', () => {});
      end.on('close', () => {
        sockets.delete(socket);
        socket.destroy();
        onward.destroy();
      });
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = `grpc://127.0.0.1:${(server.address() as AddressInfo).port}?ssl=false`;
  return { address, connections: () => sockets.size };
}

const live = (actor: AnyActorRef) => waitFor(actor, ({ value }) => value === 'live', { timeout: 10_000 });

describe('a program that embeds a dispatcher', () => {
  it('is left with no open handle, however the dispatcher ends', async () => {
    const { address } = await serve();
    // With a handle left it would not end by itself.
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [compiledModule('test/support/embeddedProgram.ts'), address],
      { timeout: 20_000 },
    );
    const scenes = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(scenes).toHaveLength(5);
    for (const { name, before, during, after } of scenes) {
      expect({ name, after }).toEqual({ name, after: before });
      expect(during.TCPSocketWrap).toBeGreaterThan(before.TCPSocketWrap ?? 0);
    }
  });

  it('has a connection while a dispatcher runs, and none after it', async () => {
    const { address, connections } = await countingProxy((await serve()).port);
    const machine = dispatcherMachine.provide({ actors: dispatcherActors({ address }) });
    expect(connections()).toBe(0);
    const first = createActor(machine, { input: { microgridId: 1 } }).start();
    const second = createActor(machine, { input: { microgridId: 2 } }).start();
    await Promise.all([live(first), live(second)]);
    // gRPC lets clients of one address share a connection.
    expect(connections()).toBe(1);
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    second.send({ type: 'dispatcher.stop' });
    await expect.poll(connections).toBe(0);
    const restored = createActor(machine, { input: { microgridId: 1 }, snapshot }).start();
    await expect.poll(connections).toBe(1);
    await live(restored);
    restored.stop();
    await expect.poll(connections).toBe(0);
  });

  it('closes a client that it shares between dispatchers itself', async () => {
    const { address, connections } = await countingProxy((await serve()).port);
    const client = new DispatchClient({ address });
    const actors = dispatcherActors({ transport: clientTransport(client) });
    const machine = dispatcherMachine.provide({ actors });
    const dispatchers = [1, 2].map(microgridId => createActor(machine, { input: { microgridId } }).start());
    await Promise.all(dispatchers.map(live));
    for (const dispatcher of dispatchers) dispatcher.stop();
    await client.create({ microgridId: 1, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } });
    expect(connections()).toBe(1);
    client.close();
    await expect.poll(connections).toBe(0);
  });

  it('hears of a wrong address where it gives it', () => {
    expect(() => dispatcherActors({ address: 'http://localhost' })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    expect(() => dispatcherActors({ address: 'grpc://localhost?ssl_root_certificates_path=/none' })).toThrow(
      'ssl_root_certificates_path cannot be read',
    );
  });

  it('hears what is missing when it forgot to provide the actors', () => {
    const actor = createActor(dispatcherMachine, { input: { microgridId: 1 } });
    const problems: string[] = [];
    const errors: unknown[] = [];
    actor.on('dispatcher.problem', ({ problem }) => problems.push(problem.message));
    actor.subscribe({ error: error => errors.push(error) });
    actor.start();
    expect(problems).toEqual([expect.stringContaining('dispatcherActors({ address })')]);
    expect(errors).toEqual([expect.objectContaining({ message: problems[0] })]);
    expect(actor.getSnapshot().status).toBe('error');
  });
});

describe('a machine that invokes a dispatcher', () => {
  it('is told when that is done with its transition, and may answer with any action', async () => {
    const warn = vi.spyOn(console, 'warn');
    onTestFinished(() => warn.mockRestore());
    const clock = simulatedClock(at('09:00'));
    const actors = dispatcherActors({ transport: memoryTransport([dispatchRecord()]), clock });
    const seen: string[] = [];
    const machine = setup({
      types: { context: {} as { count: number }, events: {} as DispatcherOutput },
      actors: { dispatcher: dispatcherMachine.provide({ actors }) },
      actions: {
        count: enqueueActions(({ context, enqueue }) => enqueue.assign({ count: context.count + 1 })),
        look: ({ self }) => seen.push(self.getSnapshot().children.dispatcher?.getSnapshot().value),
      },
    }).createMachine({
      context: { count: 0 },
      invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
      on: { '*': { actions: 'count' }, 'dispatcher.sync': { actions: ['count', 'look'] } },
    });
    const actor = createActor(machine).start();
    await clock.advanceTo(at('10:00'));
    expect(seen).toEqual(['connecting', 'catchingUp', 'live']);
    expect(actor.getSnapshot().context.count).toBe(5);
    actor.stop();
    // XState says here what it holds to be misuse.
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('two dispatchers in one XState system', () => {
  const dispatches = (microgridId: number) => [
    dispatchRecord({ microgridId, type: `TYPE ${microgridId}`, recurrence: daily() }),
  ];

  function site() {
    const clock = simulatedClock(at('09:00'));
    const transports = [1, 2].map(microgridId => memoryTransport(dispatches(microgridId)));
    const [north, south] = transports.map(transport =>
      dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock }) }),
    );
    if (north === undefined || south === undefined) throw new Error('two transports make two machines');
    const machine = setup({
      types: { context: {} as { seen: readonly string[] }, events: {} as DispatcherOutput },
      actors: { north, south },
      actions: {
        see: assign({ seen: ({ context }, line: string) => [...context.seen, line] }),
      },
    }).createMachine({
      context: { seen: [] },
      invoke: [
        { id: 'north', src: 'north', input: { microgridId: 1 } },
        { id: 'south', src: 'south', input: { microgridId: 2 } },
      ],
      on: {
        'running.*': {
          actions: {
            type: 'see',
            params: ({ event }) => `${event.dispatch.microgridId} ${event.dispatch.type} ${event.type}`,
          },
        },
        'dispatcher.sync': {
          guard: ({ event }) => event.status.state === 'live' || event.status.state === 'waiting',
          actions: { type: 'see', params: ({ event }) => `${event.microgridId} ${event.status.state}` },
        },
        'dispatcher.problem': {
          actions: { type: 'see', params: ({ event }) => `${event.microgridId} ${event.problem.code}` },
        },
      },
    });
    return { clock, transports, machine };
  }

  it('do not get into each other’s way, although both have a dispatch of the same id', async () => {
    const { clock, transports, machine } = site();
    const sessions: string[] = [];
    const inspect = (event: InspectionEvent) => {
      if (event.type === '@xstate.actor') sessions.push((event.actorRef as AnyActorRef).sessionId);
    };
    const actor = createActor(machine, { inspect }).start();
    await clock.advanceTo(at('10:30'));
    transports[1]?.cut();
    await clock.advanceBy(0);
    expect([...actor.getSnapshot().context.seen].sort()).toEqual([
      '1 TYPE 1 running.started',
      '1 TYPE 1 running.stopped',
      '1 live',
      '2 TYPE 2 running.started',
      '2 TYPE 2 running.stopped',
      '2 UNAVAILABLE',
      '2 live',
      '2 live',
      '2 waiting',
    ]);
    // The site, two dispatchers with four actors each, and one dispatch of each.
    expect(sessions).toHaveLength(13);
    expect(new Set(sessions).size).toBe(13);
    actor.stop();
    expect(clock.pendingTimers).toBe(0);
    expect(transports.map(({ openStreams }) => openStreams)).toEqual([0, 0]);
  });

  it('carry on together from a snapshot of the machine that invokes them', async () => {
    const { clock, transports, machine } = site();
    const first = createActor(machine).start();
    await clock.advanceTo(at('10:10'));
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    expect(clock.pendingTimers).toBe(0);
    for (const transport of transports) transport.hold('watch');
    const second = createActor(machine, { snapshot }).start();
    const before = second.getSnapshot().context.seen.length;
    await clock.advanceTo(at('10:30'));
    expect([...second.getSnapshot().context.seen.slice(before)].filter(line => line.includes('run')).sort()).toEqual([
      '1 TYPE 1 running.resumed',
      '1 TYPE 1 running.stopped',
      '2 TYPE 2 running.resumed',
      '2 TYPE 2 running.stopped',
    ]);
    second.stop();
    expect(clock.pendingTimers).toBe(0);
    expect(transports.map(({ openStreams }) => openStreams)).toEqual([0, 0]);
  });
});

describe('a machine that commands a device in an entry action', () => {
  it('commands it again after a restore inside a run when it enters its state anew on running.resumed', async () => {
    const clock = simulatedClock(at('10:05'));
    const transport = memoryTransport([dispatchRecord()]);
    const commands: string[] = [];
    const device = setup({
      types: { events: {} as DispatcherOutput },
      actors: { dispatcher: dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock }) }) },
      actions: { command: (_, { state }: { state: string }) => commands.push(state) },
    }).createMachine({
      invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
      initial: 'off',
      states: {
        off: {
          entry: { type: 'command', params: { state: 'off' } },
          on: { 'running.started': 'on', 'running.resumed': 'on' },
        },
        on: {
          entry: { type: 'command', params: { state: 'on' } },
          on: { 'running.stopped': 'off', 'running.resumed': { target: 'on', reenter: true } },
        },
      },
    });
    const first = createActor(device).start();
    await clock.settle();
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    expect(commands.splice(0)).toEqual(['off', 'on']);
    transport.hold('watch');
    const second = createActor(device, { snapshot }).start();
    await clock.settle();
    expect(commands.splice(0)).toEqual(['on']);
    await clock.advanceTo(at('10:30'));
    expect(commands).toEqual(['off']);
    second.stop();
  });
});

describe('a payload', () => {
  it('is frozen all the way down also after a restore from JSON', async () => {
    const clock = simulatedClock(at('09:00'));
    const payload = { curve: [{ kw: 1 }] };
    const transport = memoryTransport([dispatchRecord({ payload })]);
    const machine = dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock }) });
    const first = createActor(machine, { input: { microgridId: 1 } }).start();
    await clock.settle();
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    const second = createActor(machine, { input: { microgridId: 1 }, snapshot }).start();
    const restored = second.getSnapshot().children.pool?.getSnapshot().context.get(1)?.dispatch.payload;
    expect(restored).toEqual(payload);
    expect(Object.isFrozen((restored as typeof payload).curve[0])).toBe(true);
    second.stop();
  });
});

describe('the machine of a dispatch under a parent of one’s own', () => {
  type Listened = ActorRefFrom<typeof dispatchMachine>;

  const parent = setup({
    types: {
      context: {} as { dispatch: Listened; seen: readonly string[] },
      events: {} as RunNotification | { type: 'wake'; atMs: number },
    },
    actors: { dispatch: dispatchMachine },
    actions: {
      see: assign({ seen: ({ context, event }) => [...context.seen, event.type] }),
    },
  }).createMachine({
    context: ({ spawn, self }) => {
      const input = { dispatch: dispatchRecord({ recurrence: daily() }), atMs: at('10:05') };
      const dispatch = spawn('dispatch', { id: 'charge', input });
      dispatch.on('*', notification => self.send(notification));
      return { dispatch, seen: [] };
    },
    on: {
      wake: {
        actions: sendTo(
          ({ context }) => context.dispatch,
          ({ event }) => ({ type: 'timer.due', atMs: event.atMs }) as const,
        ),
      },
      'running.*': { actions: 'see' },
      'run.missed': { actions: 'see' },
    },
  });

  it('tells it when it wants to be woken, and what happens', () => {
    const actor = createActor(parent).start();
    const next = () => actor.getSnapshot().context.dispatch.getSnapshot().context.nextChange;
    expect(actor.getSnapshot().context.seen).toEqual(['running.started']);
    expect(next()).toEqual({ atMs: at('10:30'), kind: 'stop' });
    actor.send({ type: 'wake', atMs: at('10:29') });
    actor.send({ type: 'wake', atMs: at('10:30') });
    expect(next()).toEqual({ atMs: at('Tue 10:00'), kind: 'start' });
    actor.send({ type: 'wake', atMs: at('Thu 10:00') });
    expect(actor.getSnapshot().context.seen).toEqual([
      'running.started',
      'running.stopped',
      'run.missed',
      'running.started',
    ]);
    actor.stop();
  });

  it('carries on with the parent from a snapshot, and is listened to anew', () => {
    const first = createActor(parent).start();
    const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
    first.stop();
    const second = createActor(parent, { snapshot });
    second.getSnapshot().context.dispatch.on('*', notification => second.send(notification));
    second.start().send({ type: 'wake', atMs: at('10:30') });
    expect(second.getSnapshot().context.seen).toEqual(['running.started', 'running.stopped']);
    second.stop();
  });
});
