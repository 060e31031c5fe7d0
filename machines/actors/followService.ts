import { type Clock, yieldBetweenSlices } from '../protocol/clock.js';
import type { ProblemEvent } from '../protocol/dispatcherOutput.js';
import type { PoolReady, SourceEvent, SyncEvent } from '../protocol/messages.js';
import { type DispatchPage, retentionAfterEndMs, type StreamStart, type Transport } from '../protocol/transport.js';
import { ChangeBuffer } from './changeBuffer.js';
import type { ClockWatch } from './clockWatch.js';

/** Maximum wait for the headers of a stream before the list begins, in milliseconds: some servers send them only with the first event. */
const maxHeadersWaitMs = 1_000;

/** Maximum number of dispatches that are listed by their ids at once. */
const maxListedIds = 500;

/** Maximum number of dispatches or changes per event. */
const batchSize = 32;

/** One connection of a source to its service. */
export interface ServiceConnection {
  readonly microgridId: number;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly clockWatch: ClockWatch;
  readonly tell: (event: SourceEvent | ProblemEvent) => void;
  /** Sends an event to the pool and waits until it is processed. */
  readonly deliver: (event: SyncEvent) => Promise<PoolReady>;
  /** Called at the beginning with the function that makes it list all dispatches once more. */
  readonly onFollow: (listAgain: () => void) => void;
  /** Called when the stream is lost; a list and changes that came before may still be applied. */
  readonly onStreamLost: () => void;
}

/** Follows the service over one connection; rejects when it is lost, and never resolves. */
export async function followService(connection: ServiceConnection): Promise<never> {
  const { microgridId, transport, clock, signal, tell, deliver, onFollow, onStreamLost } = connection;
  const breathe = yieldBetweenSlices(clock);
  let { position } = await deliver({ type: 'sync.began', atMs: clock.nowMs() });
  signal.throwIfAborted();
  const watch = transport.watch({ microgridId, signal, ...(position !== null && { resumeAfter: position }) });
  const changes = new ChangeBuffer(watch, {
    batchSize,
    tell: problem => tell({ type: 'dispatcher.problem', microgridId, problem }),
    onLost: onStreamLost,
  });
  onFollow(() => changes.wantList());
  await changes.openedWithin(clock, maxHeadersWaitMs);
  signal.throwIfAborted();
  let told: StreamStart | null = null;
  const takeStart = async () => {
    const { start } = changes;
    if (start === null || start === told) return;
    told = start;
    tellAnswer(connection, start);
    if (position !== null || start.backlog !== 0) return;
    // A list that came before the headers has no more than the stream, which has nothing to make up for.
    position = start.position ?? null;
    await deliver({ type: 'sync.changed', atMs: clock.nowMs(), changes: [], position });
  };
  await takeStart();
  tell({ type: 'source.opened' });
  let isLive = false;
  let isListed = false;
  for (;;) {
    await takeStart();
    if (changes.beginsList()) {
      const { start } = changes;
      // The first list since the stream is open has all changes up to where the stream begins; a later one, all that came since. One
      // before has more than the stream that goes on from an earlier position: nothing may go on from there once it is applied.
      if (start === null) position = null;
      else if (start.backlog === undefined && !isListed) {
        position = start.position ?? null;
        isListed = true;
      }
      await applyList(connection, position, breathe);
    }
    for (let batch = changes.take(); batch !== null; batch = changes.take()) {
      ({ position } = batch);
      await deliver({ type: 'sync.changed', atMs: clock.nowMs(), ...batch });
      await breathe();
      signal.throwIfAborted();
    }
    changes.throwIfLost();
    if (!isLive && !changes.isBehind) {
      isLive = true;
      tell({ type: 'source.live', atMs: clock.nowMs() });
    }
    await changes.more();
    signal.throwIfAborted();
  }
}

function tellAnswer({ microgridId, clockWatch, tell }: ServiceConnection, start: StreamStart): void {
  const { polling = false, clockOffset } = start;
  tell({ type: 'source.answered', polling, clockOffsetMs: clockOffset?.offsetMs ?? null });
  const problem = clockWatch.look(clockOffset);
  if (problem !== null) tell({ type: 'dispatcher.problem', microgridId, problem });
}

/** @param position The position up to which the list has all changes; null: unknown. */
async function applyList(
  connection: ServiceConnection,
  position: string | null,
  breathe: () => Promise<void>,
): Promise<void> {
  const { microgridId, transport, clock, signal, deliver } = connection;
  const startedMs = clock.nowMs();
  const endFromMs = startedMs - retentionAfterEndMs;
  await deliver({ type: 'sync.listStarted', atMs: startedMs });
  await applyPages(connection, transport.list({ microgridId, endFromMs, signal }), breathe);
  if (transport.listByIds !== undefined) {
    const { lacking = [] } = await deliver({ type: 'sync.listRead', atMs: clock.nowMs(), endFromMs });
    for (let i = 0; i < lacking.length; i += maxListedIds) {
      const ids = lacking.slice(i, i + maxListedIds);
      await applyPages(connection, transport.listByIds({ microgridId, ids, signal }), breathe);
    }
  }
  signal.throwIfAborted();
  const ended = async () => {
    const { more } = await deliver({ type: 'sync.listEnded', atMs: clock.nowMs(), endFromMs, position });
    return !more;
  };
  while (!(await ended())) {
    await breathe();
    signal.throwIfAborted();
  }
}

async function applyPages(
  connection: ServiceConnection,
  pages: AsyncIterable<DispatchPage>,
  breathe: () => Promise<void>,
): Promise<void> {
  const { microgridId, clock, signal, tell, deliver } = connection;
  for await (const { dispatches, problems } of pages) {
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
}
