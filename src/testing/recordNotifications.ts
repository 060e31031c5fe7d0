import type { DispatcherOutput, SyncStatusEvent } from '../../machines/protocol/dispatcherOutput.js';
import type { Dispatcher } from '../dispatcher/dispatcher.js';

/** What a {@link NotificationRecorder} records: all outputs of a dispatcher except the sync status. */
export type RecordedNotification = Exclude<DispatcherOutput, SyncStatusEvent>;

/** An actor that emits notifications: an actor of `dispatcherMachine` or `dispatchMachine`. */
export interface NotifyingActor {
  on(type: '*', listener: (output: DispatcherOutput) => void): { unsubscribe(): void };
  subscribe(observer: { complete: () => void; error: () => void }): { unsubscribe(): void };
}

/** Recorded notifications in order: lifecycle events, running-state changes, missed runs, a restore and problems. */
export interface NotificationRecorder extends Disposable {
  /** All notifications so far. */
  readonly all: readonly RecordedNotification[];
  /** Takes the notifications that were not taken yet. */
  take(): RecordedNotification[];
  /**
   * Takes the next notification of `type` (default: of any type) and skips those before it. Waits until there is one.
   *
   * Rejects when the recording ends first, and with the reason of `signal` when that aborts.
   */
  next<TType extends RecordedNotification['type']>(
    type?: TType,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Extract<RecordedNotification, { type: TType }>>;
  /** Ends the recording. The end of the actor does the same. */
  stop(): void;
}

/**
 * Records the notifications of a dispatcher from now on; call it before the start to record all of them. For a `Dispatcher` it also
 * records consumers that throw, and problems are no longer logged, because the recorder listens to them.
 */
export function recordNotifications(source: Dispatcher | NotifyingActor): NotificationRecorder {
  const all: RecordedNotification[] = [];
  const waiting = new Set<() => void>();
  let taken = 0;
  let isOver = false;

  const wake = () => {
    for (const look of waiting) look();
  };
  const record = (output: RecordedNotification) => {
    all.push(output);
    wake();
  };
  const stop = () => {
    undo();
    isOver = true;
    wake();
  };
  const undo = listen(source, record, stop);

  return {
    all,
    take: () => {
      const since = all.slice(taken);
      taken = all.length;
      return since;
    },
    next: (type, { signal } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const settle = (outcome: () => void) => {
          waiting.delete(look);
          signal?.removeEventListener('abort', giveUp);
          outcome();
        };
        const giveUp = () => settle(() => reject(signal?.reason));
        const look = () => {
          const place = all.findIndex((output, i) => i >= taken && (type === undefined || output.type === type));
          if (place >= 0) {
            taken = place + 1;
            settle(() => resolve(all[place] as never));
          } else if (isOver) {
            settle(() => reject(new Error(`the recording ended before ${type ?? 'another notification'} came`)));
          }
        };
        waiting.add(look);
        signal?.addEventListener('abort', giveUp);
        look();
      }),
    stop,
    [Symbol.dispose]: stop,
  };
}

function listen(
  source: Dispatcher | NotifyingActor,
  record: (output: RecordedNotification) => void,
  onEnd: () => void,
): () => void {
  const dispatcher = 'actor' in source ? source : undefined;
  const actor = 'actor' in source ? source.actor : source;
  const said = actor.on('*', output => {
    // A dispatcher tells its listeners of these and of others.
    const isToldElsewhere = output.type === 'dispatcher.problem' && dispatcher !== undefined;
    if (output.type !== 'dispatcher.sync' && !isToldElsewhere) record(output);
  });
  const completion = actor.subscribe({ complete: onEnd, error: onEnd });
  const undoProblems = dispatcher?.on('problem', problem =>
    record({ type: 'dispatcher.problem', microgridId: dispatcher.microgridId, problem }),
  );
  return () => {
    said.unsubscribe();
    completion.unsubscribe();
    undoProblems?.();
  };
}
