import type { RunNote } from '../../planning/groups/runNotes.js';
import { InvalidPlan } from '../../planning/planError.js';
import type { DispatchPlan } from '../../planning/planned.js';

/** A dispatch in a file, or why it cannot be imported. */
export type ExchangeEntry =
  | {
      readonly source: string;
      readonly plan: DispatchPlan;
      /** What may surprise about its runs, besides what the plan itself says. */
      readonly notes?: readonly RunNote[];
    }
  | { readonly source: string; readonly refusal: string };

/** A note of no run: it is told whichever runs are to come. */
export function ofAnyRun(text: string): RunNote {
  return { startMs: Number.POSITIVE_INFINITY, text };
}

/** The dispatches that an entry of a file means. */
export interface ReadPlans {
  readonly plans: readonly DispatchPlan[];
  /** What may surprise about the runs of each. */
  readonly notes?: readonly (readonly RunNote[])[];
}

/**
 * Reads an entry of a file. One of several dispatches becomes an entry for each.
 *
 * @param source Where the entry is in its file, such as `line 3`.
 * @param read Returns the plans, or throws a RangeError, a UsageError or an InvalidPlan that says what cannot be imported.
 */
export function readEntries(source: string, read: () => ReadPlans): ExchangeEntry[] {
  try {
    const { plans, notes = [] } = read();
    const place = (index: number) => (plans.length === 1 ? source : `${source} (${index + 1}/${plans.length})`);
    return plans.map((plan, index) => {
      const own = notes[index] ?? [];
      return { source: place(index), plan, ...(own.length > 0 && { notes: own }) };
    });
  } catch (error) {
    const isRefusal = error instanceof RangeError || error instanceof InvalidPlan;
    if (!isRefusal) throw error;
    return [{ source, refusal: error.message }];
  }
}
