import type { CategorySelector } from '../model/selector.js';
import type { HistoryEntry } from './readHistory.js';

/** One component, or all of one category: what a dispatch may be for. */
export type ReportedComponent = { readonly id: number } | CategorySelector;

/** What was planned and delivered for one type and component; spans are in milliseconds. */
export interface ReportRow {
  readonly microgridId: number;
  readonly type: string;
  readonly component: ReportedComponent;
  /** Dry runs have rows of their own. */
  readonly dryRun: boolean;
  /** Number of runs that were started. */
  readonly runs: number;
  /** Number of runs that passed unnoticed. */
  readonly missed: number;
  /**
   * Length of the runs as they were announced last, missed ones included. Of a run that an update or a deletion ended early, the rest is
   * planned and not delivered.
   */
  readonly plannedMs: number;
  /** From the announcement of each start to that of its stop. */
  readonly deliveredMs: number;
  /** Delay of the starts that the schedule caused, missed runs aside; null: there was none. */
  readonly late: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } | null;
}

/** A run that was announced and is not stopped, or the part of it since it was reconfigured. */
interface OpenRun {
  /** What was announced last. */
  readonly entry: HistoryEntry;
  readonly plannedFromMs: number;
  readonly deliveredFromMs: number;
}

/** What of a dispatch was counted. */
interface CountedDispatch {
  /** Start of the run that was started last. */
  startMs: number | null;
  /** End of what was counted as planned. */
  plannedToMs: number;
}

interface Tally {
  readonly row: Pick<ReportRow, 'microgridId' | 'type' | 'component' | 'dryRun'>;
  runs: number;
  missed: number;
  plannedMs: number;
  deliveredMs: number;
  readonly lateMs: number[];
}

/**
 * Compares what was planned with what was delivered, per microgrid, type and component, between two instants, in milliseconds since the
 * epoch. A dispatch for several components counts for each. Of a run that is on at one of the instants the part between them counts; missed
 * runs count when the first of them is between them.
 *
 * @param entries All entries up to `toMs`, oldest first: also those before `fromMs`, because their runs may still be on.
 */
export async function reportHistory(
  entries: AsyncIterable<HistoryEntry> | Iterable<HistoryEntry>,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<ReportRow[]> {
  const tallies = new Map<string, Tally>();
  const open = new Map<string, OpenRun>();
  const counts = new Map<string, CountedDispatch>();
  const countedOf = (key: string) => {
    const known = counts.get(key) ?? { startMs: null, plannedToMs: Number.NEGATIVE_INFINITY };
    counts.set(key, known);
    return known;
  };
  const within = (startMs: number, endMs: number) => Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs));
  const isWithin = (ms: number) => ms >= fromMs && ms < toMs;
  const close = (key: string, plannedEndMs: number, deliveredEndMs: number) => {
    const run = open.get(key);
    if (run === undefined) return;
    open.delete(key);
    const counted = countedOf(key);
    // A run that was stopped and started again is planned once.
    const plannedMs = within(Math.max(run.plannedFromMs, counted.plannedToMs), plannedEndMs);
    counted.plannedToMs = Math.max(counted.plannedToMs, plannedEndMs);
    const deliveredMs = within(run.deliveredFromMs, deliveredEndMs);
    if (plannedMs + deliveredMs === 0) return;
    for (const tally of talliesOf(tallies, run.entry)) {
      tally.plannedMs += plannedMs;
      tally.deliveredMs += deliveredMs;
    }
  };

  for await (const entry of entries) {
    const { run, cause, atMs, lateMs } = entry;
    const key = `${entry.microgridId} ${entry.id}`;
    const noticedMs = atMs + lateMs;
    const known = open.get(key);
    const plannedEndMs = known?.entry.run.endMs ?? noticedMs;
    switch (entry.notification) {
      case 'running.started':
        // It may take over from a run that is not over.
        close(key, Math.min(plannedEndMs, run.startMs), noticedMs);
        open.set(key, { entry, plannedFromMs: run.startMs, deliveredFromMs: noticedMs });
        if (isWithin(noticedMs) && countedOf(key).startMs !== run.startMs) {
          countStart(talliesOf(tallies, entry), cause === 'schedule' ? lateMs : null);
        }
        countedOf(key).startMs = run.startMs;
        break;
      case 'running.reconfigured':
        close(key, noticedMs, noticedMs);
        // The entry of the start may have been deleted.
        if (known === undefined) open.set(key, openFromStart(entry));
        else open.set(key, { entry, plannedFromMs: noticedMs, deliveredFromMs: noticedMs });
        break;
      case 'running.resumed':
        if (known === undefined) open.set(key, openFromStart(entry));
        break;
      case 'running.stopped':
        if (known === undefined) open.set(key, openFromStart(entry));
        close(key, known === undefined ? (run.endMs ?? noticedMs) : plannedEndMs, noticedMs);
        break;
      case 'run.missed':
        if (isWithin(atMs)) countMissed(talliesOf(tallies, entry), entry);
    }
  }
  // The stop of a run that is over comes late, or the dispatcher is not there to announce it.
  for (const [key, { entry }] of [...open]) close(key, entry.run.endMs ?? toMs, entry.run.endMs ?? toMs);
  return [...tallies.values()].map(rowOf).sort(byName);
}

function openFromStart(entry: HistoryEntry): OpenRun {
  return { entry, plannedFromMs: entry.run.startMs, deliveredFromMs: entry.run.startMs };
}

function countStart(tallies: readonly Tally[], lateMs: number | null): void {
  for (const tally of tallies) {
    tally.runs += 1;
    if (lateMs !== null) tally.lateMs.push(lateMs);
  }
}

function countMissed(tallies: readonly Tally[], { run, count = 0 }: HistoryEntry): void {
  for (const tally of tallies) {
    tally.missed += count;
    tally.plannedMs += count * ((run.endMs ?? run.startMs) - run.startMs);
  }
}

function talliesOf(tallies: Map<string, Tally>, { microgridId, type, dryRun, selector }: HistoryEntry): Tally[] {
  const components: readonly ReportedComponent[] = selector.ids?.map(id => ({ id })) ?? selector.categories ?? [];
  return components.map(component => {
    const key = JSON.stringify([microgridId, type, dryRun, component]);
    const row = { microgridId, type, component, dryRun };
    const tally = tallies.get(key) ?? { row, runs: 0, missed: 0, plannedMs: 0, deliveredMs: 0, lateMs: [] };
    tallies.set(key, tally);
    return tally;
  });
}

function rowOf({ row, lateMs, ...sums }: Tally): ReportRow {
  const sorted = lateMs.sort((a, b) => a - b);
  const share = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
  const late = sorted.length === 0 ? null : { p50Ms: share(0.5), p99Ms: share(0.99), maxMs: share(1) };
  return { ...row, ...sums, late };
}

function byName(a: ReportRow, b: ReportRow): number {
  const name = ({ microgridId, type, dryRun, component }: ReportRow) =>
    [microgridId, type, Number(dryRun), 'id' in component ? component.id : component.category] as const;
  const [first, second] = [name(a), name(b)];
  for (const [i, part] of first.entries()) {
    const other = second[i] as typeof part;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}
