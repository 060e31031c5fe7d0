import type { NotificationData } from '../../../machines/dispatch/notificationData.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import type { Run } from '../../model/schedule.js';

/** What was delivered of a run: from its announced start to its announced stop. */
export interface DeliveredRun {
  /** What was delivered, as a dispatch of this run alone: the stored one may have changed since, or be gone. */
  readonly record: DispatchRecord;
  /** The run as it was planned. */
  readonly run: Run;
  readonly startMs: number;
  /** Of a run that is on its planned end; Infinity: without end. */
  readonly endMs: number;
  /** Whether it has not been stopped. */
  readonly isOn: boolean;
  /** Whether the dispatcher found it on when it was started itself: then it counts from its planned start. */
  readonly isBySync: boolean;
}

/** Maximum number of delivered runs that are kept; the newest count. */
const maxKept = 10_000;

/** Version of the record of a delivered run: it is not stored anywhere. */
const noVersion = '1970-01-01T00:00:00.000000000Z';

/** Pairs the starts and stops that a dispatcher announces, oldest first. What changes a run that is on does not cut it. */
export class DeliveryRecorder {
  readonly #microgridId: number;
  readonly #open = new Map<number, DeliveredRun>();
  #closed: DeliveredRun[] = [];

  constructor(microgridId: number) {
    this.#microgridId = microgridId;
  }

  /** What is known by now, those that are on last. */
  get runs(): readonly DeliveredRun[] {
    return [...this.#closed, ...this.#open.values()];
  }

  /** Forgets the runs that are on: another dispatcher begins. */
  forgetOpen(): void {
    this.#open.clear();
  }

  add(entry: NotificationData): void {
    const { id, notification, run, atMs, cause } = entry;
    if (notification === 'run.missed') return;
    const known = this.#open.get(id);
    switch (notification) {
      case 'running.started':
        if (known !== undefined) this.#close(known, atMs);
        this.#open.set(id, this.#delivered(entry, cause === 'sync' ? run.startMs : atMs, cause === 'sync'));
        break;
      case 'running.reconfigured':
        this.#open.set(id, this.#delivered(entry, known?.startMs ?? run.startMs, known?.isBySync ?? false));
        break;
      case 'running.resumed':
        if (known === undefined) this.#open.set(id, this.#delivered(entry, run.startMs, false));
        break;
      case 'running.stopped':
        this.#close(known ?? this.#delivered(entry, run.startMs, false), atMs);
    }
  }

  #close(delivered: DeliveredRun, atMs: number): void {
    this.#open.delete(delivered.record.id);
    this.#closed.push(between({ ...delivered, isOn: false }, delivered.startMs, Math.max(delivered.startMs, atMs)));
    if (this.#closed.length >= 2 * maxKept) this.#closed = this.#closed.slice(-maxKept);
  }

  #delivered({ id, type, selector, payload, dryRun, run }: NotificationData, startMs: number, isBySync: boolean) {
    const record: DispatchRecord = {
      id,
      microgridId: this.#microgridId,
      type,
      selector,
      payload,
      dryRun,
      startTimeMs: startMs,
      durationMs: null,
      active: true,
      recurrence: null,
      createTime: noVersion,
      updateTime: noVersion,
      endTimeMs: null,
    };
    return between(
      { record, run, startMs, endMs: startMs, isOn: true, isBySync },
      startMs,
      run.endMs ?? Number.POSITIVE_INFINITY,
    );
  }
}

/**
 * What two dispatchers have delivered, one after the other: a run that the second found on goes on from the first.
 *
 * @param untilMs When the first was last heard of, milliseconds since the epoch.
 */
export function joinDelivered(
  before: readonly DeliveredRun[],
  since: readonly DeliveredRun[],
  untilMs: number,
): DeliveredRun[] {
  const on = new Map(before.flatMap(delivered => (delivered.isOn ? [[delivered.record.id, delivered] as const] : [])));
  const joined = since.map(delivered => {
    const first = on.get(delivered.record.id);
    if (first === undefined || !delivered.isBySync || first.run.startMs !== delivered.run.startMs) return delivered;
    on.delete(delivered.record.id);
    return between({ ...delivered, isBySync: false }, first.startMs, delivered.endMs);
  });
  const ended = [...on.values()].map(first =>
    between({ ...first, isOn: false }, first.startMs, Math.max(first.startMs, Math.min(first.endMs, untilMs))),
  );
  return [...before.filter(({ isOn }) => !isOn), ...ended, ...joined];
}

function between(delivered: DeliveredRun, startMs: number, endMs: number): DeliveredRun {
  const durationMs = Number.isFinite(endMs) ? endMs - startMs : null;
  const record = { ...delivered.record, startTimeMs: startMs, durationMs };
  return { ...delivered, record, startMs, endMs };
}
