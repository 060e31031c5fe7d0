import type { DispatcherOutput, SyncStatusEvent } from '../../machines/protocol/dispatcherOutput.js';
import type { Dispatcher } from '../dispatcher/dispatcher.js';

/** What a {@link NotificationRecorder} records: everything that a dispatcher says but for the state of its sync. */
export type RecordedNotification = Exclude<DispatcherOutput, SyncStatusEvent>;

/** An actor that emits notifications: of `dispatcherMachine`, or of `dispatchMachine` alone. */
export interface NotifyingActor {
  on(type: '*', listener: (output: DispatcherOutput) => void): { unsubscribe(): void };
  subscribe(observer: { complete: () => void; error: () => void }): { unsubscribe(): void };
}

/** What was said, in order: lifecycle events, running-state changes, missed runs and problems. */
export interface NotificationRecorder extends Disposable {
  /** All of it so far. */
  readonly all: readonly RecordedNotification[];
  /** Takes what was not taken yet. */
  take(): RecordedNotification[];
  /**
   * Takes the next one of a type, of any type when none is given, and drops what came before it. Waits until there is one.
   *
   * Rejects when the recording ends first, and with the reason of `signal` when that aborts.
   */
  next<TType extends RecordedNotification['type']>(
    type?: TType,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Extract<RecordedNotification, { type: TType }>>;
  /** Ends the recording, as the end of the actor does. */
  stop(): void;
}

/**
 * Records what a dispatcher says from now on: begin before it starts to have all of it. Of a `Dispatcher` it also records
 * the failures of its consumers; problems are then no longer logged, because somebody listens.
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
