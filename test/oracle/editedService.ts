import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { RecurrenceRule } from '../../src/model/recurrence/recurrenceRule.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { dispatchRecord, minuteMs, version } from '../support/dispatchRecord.js';
import type { Change } from './expectedDispatcher.js';
import type { Changes, Edit, Instant, OldVersion } from './sequences.js';

/** So many dispatches there are at most. */
const slots = 4;

/** How long the runs of a new dispatch in each of them are: apart, touching, overlapping, apart. */
const durationsMs = [30_000, 60_000, 90_000, 30_000];

/** What the edits of a sequence refer to. */
export interface EditScene {
  nowMs(): number;
  resolve(instant: Instant): number;
}

/** The service of a sequence: it has what the edits say, and every version that there ever was. */
export class EditedService {
  readonly transport = memoryTransport();
  readonly #scene: EditScene;
  readonly #records = new Map<number, DispatchRecord>();
  readonly #ids = new Map<number, number>();
  readonly #versions = new Map<number, DispatchRecord[]>();
  readonly #deletedMs = new Map<number, number>();
  #lastVersion = 0;

  constructor(scene: EditScene) {
    this.#scene = scene;
  }

  /** The dispatches that it has, by id. */
  get records(): ReadonlyMap<number, DispatchRecord> {
    return this.#records;
  }

  /** All versions, one after the other for each slot. */
  get versions(): readonly DispatchRecord[] {
    return [...this.#versions.values()].flat();
  }

  /** The id of the dispatch that is in a slot, or that the next one there will have: none is used twice. */
  idOf(slot: number): number {
    return this.#ids.get(slot) ?? slot;
  }

  /** Makes an edit, with or without a word to the open stream; returns what that says of it, if there is something to edit. */
  edit(edit: Edit, how: 'aloud' | 'silently'): Change | undefined {
    const id = this.idOf(edit.slot);
    const held = this.#records.get(id);
    if (edit.kind === 'put') {
      const record = this.#change(held ?? this.#newDispatch(edit.slot), edit.changes);
      this.#keep(edit.slot, record);
      if (how === 'aloud') this.transport.put(record);
      else this.transport.putSilently(record);
      return { record, isDeletion: false };
    }
    if (held === undefined) return undefined;
    this.#records.delete(id);
    this.#deletedMs.set(id, this.#scene.nowMs());
    this.#ids.set(edit.slot, id + slots);
    if (how === 'aloud') this.transport.delete(id);
    else this.transport.deleteSilently(id);
    return { record: held, isDeletion: true };
  }

  /** Undefined when there are not so many. */
  oldVersion({ slot, back }: OldVersion): DispatchRecord | undefined {
    return this.#versions.get(slot)?.at(-1 - back);
  }

  /** When a dispatch that is not there was deleted. */
  deletedMs(id: number): number | undefined {
    return this.#deletedMs.get(id);
  }

  /** Has an old version again, without a word to the open stream. */
  restore(slot: number, record: DispatchRecord): void {
    this.#keep(slot, record);
    this.transport.putSilently(record);
  }

  #keep(slot: number, record: DispatchRecord): void {
    this.#ids.set(slot, record.id);
    this.#records.set(record.id, record);
    this.#deletedMs.delete(record.id);
    this.#versions.set(slot, [...(this.#versions.get(slot) ?? []), record]);
  }

  /** One that runs every minute from half a minute on. */
  #newDispatch(slot: number): DispatchRecord {
    return dispatchRecord({
      id: this.idOf(slot),
      startTimeMs: this.#scene.nowMs() + minuteMs / 2,
      durationMs: durationsMs[slot % slots] ?? minuteMs,
      recurrence: { frequency: 'MINUTELY', interval: 1 },
      selector: { ids: [5, 6] },
    });
  }

  #change(held: DispatchRecord, { start, rule, ...changes }: Changes): DispatchRecord {
    this.#lastVersion += 1;
    const startTimeMs = start === undefined ? held.startTimeMs : this.#scene.resolve(start);
    const recurrence = rule === undefined ? held.recurrence : rule && ruleFrom(rule, startTimeMs);
    const record = { ...held, ...changes, startTimeMs, recurrence, updateTime: version(this.#lastVersion) };
    const endTimeMs = recurrence === null && record.durationMs !== null ? startTimeMs + record.durationMs : null;
    return { ...record, endTimeMs };
  }
}

function ruleFrom({ untilAfterMs, ...rule }: NonNullable<Changes['rule']>, startTimeMs: number): RecurrenceRule {
  if (untilAfterMs === undefined) return rule;
  return { ...rule, untilMs: Math.floor(startTimeMs / 1000) * 1000 + untilAfterMs };
}
