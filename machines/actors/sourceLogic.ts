import { fromCallback } from 'xstate';
import { DispatchError } from '../../src/model/dispatchError.js';
import { type Clock, yieldBetweenSlices } from '../protocol/clock.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { SourceCommand, SourceEvent, SyncEvent } from '../protocol/messages.js';
import { type OpenTransport, retentionAfterEndMs, type Transport } from '../protocol/transport.js';
import { ChangeBuffer } from './changeBuffer.js';
import { persistentTeller } from './persistentTeller.js';

/** Maximum wait for the headers of a stream before the list begins, in milliseconds: some servers send them only with the first event. */
const maxHeadersWaitMs = 1_000;

/** Maximum number of dispatches or changes per event. */
const batchSize = 32;

/** Options of {@link sourceLogic}. */
export interface SourceOptions {
  /** The transport, or a function that opens one for each actor that starts; the actor closes that one when it stops. */
  readonly transport: Transport | (() => OpenTransport);
  readonly clock: Clock;
  /**
   * Called with each problem that neither a listener of the dispatcher nor a transition of the invoking machine handles, and with errors
   * while the transport is closed. @default none
   */
  readonly onUnheardProblem?: ((problem: DispatchError, microgridId: number) => void) | undefined;
}

/**
 * The source actor: syncs the dispatches of a dispatcher from its service when it is told to connect. Each connection opens the stream,
 * lists all dispatches, applies the changes since and goes live, so that no change between stream and list is lost. When the connection is
 * lost it reports that and waits for the next order to connect.
 */
export function sourceLogic(options: SourceOptions) {
  const { clock, onUnheardProblem = () => {} } = options;
  return fromCallback<SourceCommand, { microgridId: number }>(({ input, sendBack, receive }) => {
    const { transport, close } = open(options.transport);
    let isStopped = false;
    const teller = persistentTeller(clock);
    const tell = (event: SourceEvent | SyncEvent | ProblemEvent) => {
      if (!isStopped) sendBack(event);
    };
    let ready: (more: boolean) => void = () => {};
    let connection = new AbortController();
    let delivered: Promise<unknown> = Promise.resolve();

    // One at a time, also across connections: an answer belongs to the event before it.
    const deliver = (event: SyncEvent) => {
      const answer = delivered.then(
        () =>
          new Promise<boolean>(resolve => {
            ready = resolve;
            tell(event);
          }),
      );
      delivered = answer.catch(() => {});
      return answer;
    };

    const connect = async () => {
      connection.abort();
      const own = new AbortController();
      connection = own;
      teller.stop();
      const { signal } = own;
      try {
        tell({ type: 'source.connecting' });
        await follow({ ...input, transport, clock, signal, tell, deliver });
      } catch (error) {
        if (signal.aborted) return;
        own.abort();
        const problem = DispatchError.from(error, input);
        teller.tell(() => tell({ type: 'source.lost', atMs: clock.nowMs(), problem }));
      }
    };

    receive(command => {
      if (command.type === 'pool.ready') ready(command.more);
      else if (command.type === 'problem.unheard') onUnheardProblem(command.problem, input.microgridId);
      else void connect();
    });
    return () => {
      isStopped = true;
      teller.stop();
      connection.abort();
      try {
        close();
      } catch (error) {
        onUnheardProblem(DispatchError.from(error, input), input.microgridId);
      }
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
  /** Sends an event to the pool and waits until it is processed. */
  readonly deliver: (event: SyncEvent) => Promise<boolean>;
}

/** One connection; rejects when it is lost, and never resolves. */
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
    // A page without decodable dispatches may still report undecodable ones.
    for (let i = 0; i === 0 || i < dispatches.length; i += batchSize) {
      // Decoding the page was work, too.
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
