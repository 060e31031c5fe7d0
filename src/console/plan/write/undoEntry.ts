import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { type PlanSubject, recordsOf } from '../fields/planSubject.js';

/** A dispatch in one of its versions. */
export interface DispatchVersionId {
  readonly id: number;
  readonly updateTime: string;
}

/** Something that was done, as what is needed to take it back. JSON-safe. */
export interface UndoEntry {
  readonly microgridId: number;
  /** What was done, such as `pause of dispatch 7`. */
  readonly text: string;
  /** What was there before; `new`: nothing. */
  readonly before: PlanSubject;
  /** What it left: it is taken back only as long as these are there in these versions, and nothing of `before` has come back. */
  readonly after: readonly DispatchVersionId[];
}

/** The version of a dispatch. */
export function versionOf({ id, updateTime }: DispatchRecord): DispatchVersionId {
  return { id, updateTime };
}

/** Whether two entries are about a dispatch in common. */
export function isAboutSame(a: UndoEntry, b: UndoEntry): boolean {
  const ids = new Set(idsOf(b));
  return idsOf(a).some(id => ids.has(id));
}

/**
 * What can be undone after an entry was taken back: the entries before it are about dispatches in the versions of then, which have other
 * versions now, and after a deletion other ids.
 *
 * @param restored the dispatches that were put back
 */
export function withoutEntry(
  stack: readonly UndoEntry[],
  undone: UndoEntry,
  restored: readonly DispatchRecord[],
): UndoEntry[] {
  const were = recordsOf(undone.before);
  const now = new Map<string, DispatchRecord>();
  for (const [index, record] of were.entries()) {
    const found =
      restored.find(({ id }) => id === record.id) ?? (were.length === restored.length ? restored[index] : undefined);
    if (found !== undefined) now.set(keyOf(record), found);
  }
  const ids = new Map([...now].map(([key, { id }]) => [Number(key.split(' ')[0]), id]));
  return stack
    .filter(entry => entry !== undone)
    .map(entry => ({
      ...entry,
      before: renamed(entry.before, ids),
      after: entry.after.map(version => {
        const found = now.get(keyOf(version));
        return found === undefined ? withId(version, ids) : versionOf(found);
      }),
    }));
}

function idsOf({ before, after }: UndoEntry): number[] {
  return [...recordsOf(before), ...after].map(({ id }) => id);
}

function keyOf({ id, updateTime }: DispatchVersionId): string {
  return `${id} ${updateTime}`;
}

/** A subject whose dispatches have other ids now. */
function renamed(subject: PlanSubject, ids: ReadonlyMap<number, number>): PlanSubject {
  if (subject.kind === 'new') return subject;
  if (subject.kind === 'dispatch') return { kind: 'dispatch', record: withId(subject.record, ids) };
  const { live } = subject;
  const records = live.records.map(record => withId(record, ids));
  return { kind: 'group', live: { ...live, anchor: withId(live.anchor, ids), records } };
}

function withId<Identified extends { readonly id: number }>(
  one: Identified,
  ids: ReadonlyMap<number, number>,
): Identified {
  return { ...one, id: ids.get(one.id) ?? one.id };
}
