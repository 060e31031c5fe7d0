import { fromCallback } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import { type Clock, yieldBetweenSlices } from '../protocol/clock.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { DispatcherStore } from '../protocol/dispatcherStore.js';
import type { RestoreEvent, SourceCommand, SourceEvent, SyncEvent } from '../protocol/messages.js';
import { type OpenTransport, retentionAfterEndMs, type Transport } from '../protocol/transport.js';
import { ChangeBuffer } from './changeBuffer.js';

/** Some servers send the headers of a stream only with its first event: the list begins after this wait anyway. */
const maxHeadersWaitMs = 1_000;

/** So many dispatches or changes go to the pool in one event. */
const batchSize = 32;

/** What {@link sourceLogic} is made of. */
export interface SourceOptions {
  /** The way to the service, or what opens one for each actor that starts; it is closed when that stops. */
  readonly transport: Transport | (() => OpenTransport);
  readonly clock: Clock;
  /** What is restored first. @default nothing */
  readonly store?: DispatcherStore | undefined;
}

/**
 * Where the dispatches of a dispatcher come from: first its store, if it has one, then its service. Each connection opens
 * the stream, lists everything, applies the changes since and goes live, so that no change is lost between the two; when
 * it is lost it says so and waits to be told to connect again. It connects by itself when it starts.
 */
export function sourceLogic(options: SourceOptions) {
  const { clock, store } = options;
  return fromCallback<SourceCommand, { microgridId: number }>(({ input, sendBack, receive }) => {
    const { transport, close } = open(options.transport);
    const tell = (event: SourceEvent | RestoreEvent | SyncEvent | ProblemEvent) => sendBack(event);
    let isRestored = store === undefined;
    let ready: (more: boolean) => void = () => {};
    let connection = new AbortController();
    let delivered: Promise<unknown> = Promise.resolve();

    // One after the other, also across connections: an answer belongs to the event before it.
    const deliver = (event: RestoreEvent | SyncEvent) => {
      const answer = delivered.then(
        () =>
          new Promise<boolean>(resolve => {
            ready = resolve;
            tell(event);
          }),
      );
      delivered = answer;
      return answer;
    };

    const connect = async () => {
      connection.abort();
      const own = new AbortController();
      connection = own;
      tell({ type: 'source.connecting' });
      const { signal } = own;
      try {
        if (store !== undefined && !isRestored) await restore({ ...input, store, clock, signal, tell, deliver });
        isRestored = true;
        await follow({ ...input, transport, clock, signal, tell, deliver });
      } catch (error) {
        if (signal.aborted) return;
        own.abort();
        tell({ type: 'source.lost', atMs: clock.nowMs(), problem: DispatchError.from(error, input) });
      }
    };

    receive(command => {
      if (command.type === 'pool.ready') ready(command.more);
      else void connect();
    });
    void connect();
    return () => {
      connection.abort();
      close();
    };
  });
}

function open(transport: Transport | (() => OpenTransport)): { transport: Transport; close: () => void } {
  if (typeof transport !== 'function') return { transport, close: () => {} };
  const opened = transport();
  return { transport: opened, close: () => opened.close() };
}

interface Connection {
  readonly microgridId: number;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (event: SourceEvent | ProblemEvent) => void;
  /** Gives an event to the pool and waits until it is worked off. */
  readonly deliver: (event: SyncEvent) => Promise<boolean>;
}

interface Restoration {
  readonly microgridId: number;
  readonly store: DispatcherStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tell: (event: ProblemEvent) => void;
  /** Gives an event to the pool and waits until it is worked off. */
  readonly deliver: (event: RestoreEvent) => Promise<boolean>;
}

/** Brings what the store kept. A store that fails is a problem, but no reason not to follow the service. */
async function restore({ microgridId, store, clock, signal, tell, deliver }: Restoration): Promise<void> {
  const breathe = yieldBetweenSlices(clock);
  const report = (problem: DispatchError) => tell({ type: 'dispatcher.problem', microgridId, problem });
  const opened = await store
    .open({ microgridId })
    .catch(error => report(DispatchError.from(error, { microgridId: microgridId })));
  signal.throwIfAborted();
  if (opened === undefined || !(await deliver({ type: 'restore.started' }))) return;
  let complete = true;
  try {
    for await (const { dispatches, problems } of store.load({ microgridId })) {
      complete &&= problems.length === 0;
      for (const problem of problems) report(problem);
      for (let i = 0; i < dispatches.length; i += batchSize) {
        signal.throwIfAborted();
        await deliver({ type: 'restore.brought', dispatches: dispatches.slice(i, i + batchSize) });
        await breathe();
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    complete = false;
    report(DispatchError.from(error, { microgridId: microgridId }));
  }
  signal.throwIfAborted();
  await deliver({ type: 'restore.ended', atMs: clock.nowMs(), synced: opened.synced, complete });
}

/** One connection, until it is lost: never fulfilled. */
async function follow(connection: Connection): Promise<never> {
  const { microgridId, transport, clock, signal, tell, deliver } = connection;
  const breathe = yieldBetweenSlices(clock);
  const changes = new ChangeBuffer(transport.watch({ microgridId, signal }), batchSize, problem =>
    tell({ type: 'dispatcher.problem', microgridId, problem }),
  );
  await changes.openedWithin(clock, maxHeadersWaitMs);
  signal.throwIfAborted();
  tell({ type: 'source.opened' });
  let isLive = false;
  for (;;) {
    if (changes.beginsList()) await applyList(connection, breathe);
    for (let batch = changes.take(); batch.length > 0; batch = changes.take()) {
      await deliver({ type: 'sync.changed', atMs: clock.nowMs(), changes: batch });
      await breathe();
      signal.throwIfAborted();
    }
    changes.throwIfLost();
    if (!isLive) tell({ type: 'source.live', atMs: clock.nowMs() });
    isLive = true;
    await changes.more();
    signal.throwIfAborted();
  }
}

async function applyList(connection: Connection, breathe: () => Promise<void>): Promise<void> {
  const { microgridId, transport, clock, signal, tell, deliver } = connection;
  const startedMs = clock.nowMs();
  const endFromMs = startedMs - retentionAfterEndMs;
  await deliver({ type: 'sync.listStarted', atMs: startedMs });
  for await (const { dispatches, problems } of transport.list({ microgridId, endFromMs, signal })) {
    for (const problem of problems) tell({ type: 'dispatcher.problem', microgridId, problem });
    const unreadableIds = problems.flatMap(({ dispatchId }) => dispatchId ?? []);
    // A page without a dispatch that can be read still tells of those that cannot.
    for (let i = 0; i === 0 || i < dispatches.length; i += batchSize) {
      // The page has only just been decoded, which is work too.
      await breathe();
      signal.throwIfAborted();
      const batch = dispatches.slice(i, i + batchSize);
      await deliver({ type: 'sync.listed', atMs: clock.nowMs(), dispatches: batch, unreadableIds });
    }
  }
  signal.throwIfAborted();
  while (await deliver({ type: 'sync.listEnded', atMs: clock.nowMs(), endFromMs })) {
    await breathe();
    signal.throwIfAborted();
  }
}
