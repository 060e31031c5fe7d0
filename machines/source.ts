import { fromCallback } from 'xstate';
import { DispatchError } from '../src/model/dispatchError.js';
import { ChangeBuffer } from './changeBuffer.js';
import { type Clock, maxSliceMs } from './clock.js';
import type { ProblemEvent, SourceCommand, SourceEvent, SyncEvent } from './dispatcherEvent.js';
import { keptAfterEndMs } from './keptAfterEnd.js';
import type { Transport } from './transport.js';

/** Some servers send the headers of a stream only with its first event: the list begins after this wait anyway. */
const maxHeadersWaitMs = 1_000;

/** So many dispatches or changes go to the pool in one event. */
const batchSize = 32;

/**
 * The sync of a dispatcher with its service. Each connection opens the stream, lists everything, applies the changes
 * since and goes live, so that no change is lost between the two; when it is lost it says so and waits to be told to
 * connect again. It connects by itself when it starts.
 */
export function sourceLogic({ transport, clock }: { transport: Transport; clock: Clock }) {
  return fromCallback<SourceCommand, { microgridId: number }>(({ input, sendBack, receive }) => {
    const tell = (event: SourceEvent | SyncEvent | ProblemEvent) => sendBack(event);
    let ready: (more: boolean) => void = () => {};
    let connection = new AbortController();
    let delivered: Promise<unknown> = Promise.resolve();

    // One after the other, also across connections: an answer belongs to the event before it.
    const deliver = (event: SyncEvent) => {
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
      try {
        await follow({ ...input, transport, clock, signal: own.signal, tell, deliver });
      } catch (error) {
        if (own.signal.aborted) return;
        own.abort();
        tell({ type: 'source.lost', atMs: clock.nowMs(), problem: toProblem(error, input.microgridId) });
      }
    };

    receive(command => {
      if (command.type === 'pool.ready') ready(command.more);
      else void connect();
    });
    void connect();
    return () => connection.abort();
  });
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

/** One connection, until it is lost: never fulfilled. */
async function follow(connection: Connection): Promise<never> {
  const { microgridId, transport, clock, signal, tell, deliver } = connection;
  const breathe = sliced(clock);
  const changes = new ChangeBuffer(transport.watch({ microgridId, signal }), batchSize, tell);
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
  const endFromMs = startedMs - keptAfterEndMs;
  await deliver({ type: 'sync.listStarted', atMs: startedMs });
  for await (const { dispatches, problems } of transport.list({ microgridId, endFromMs, signal })) {
    for (const problem of problems) tell({ type: 'dispatcher.problem', problem });
    const unreadableIds = problems.flatMap(({ dispatchId }) => dispatchId ?? []);
    // A page without a dispatch that can be read still tells of those that cannot.
    for (let i = 0; i === 0 || i < dispatches.length; i += batchSize) {
      signal.throwIfAborted();
      const batch = dispatches.slice(i, i + batchSize);
      await deliver({ type: 'sync.listed', atMs: clock.nowMs(), dispatches: batch, unreadableIds });
      await breathe();
    }
  }
  signal.throwIfAborted();
  while (await deliver({ type: 'sync.listEnded', atMs: clock.nowMs(), endFromMs })) {
    await breathe();
    signal.throwIfAborted();
  }
}

/** Returns what lets the event loop turn once a slice of work has lasted long enough. */
function sliced(clock: Clock): () => Promise<void> {
  let sinceMs = clock.monotonicMs();
  return async () => {
    if (clock.monotonicMs() - sinceMs < maxSliceMs) return;
    await new Promise<void>(resolve => clock.yield(resolve));
    sinceMs = clock.monotonicMs();
  };
}

function toProblem(error: unknown, microgridId: number): DispatchError {
  if (error instanceof DispatchError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DispatchError('UNKNOWN', message, { microgridId, cause: error });
}
