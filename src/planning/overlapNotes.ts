/** Number of runs that are looked at; more than those of a year. */
const COMPARED_RUNS = 400;

/**
 * Tells that runs of one dispatch overlap: a sentence about the first that does, none where none does.
 *
 * @param starts ascending, milliseconds since the epoch
 * @param timeOf formats such a start
 */
export function overlapNotes(starts: Iterable<number>, durationMs: number, timeOf: (ms: number) => string): string[] {
  let [before, compared]: [number | null, number] = [null, 0];
  for (const startMs of starts) {
    if (before !== null && startMs < before + durationMs) {
      return [`Runs overlap: the run of ${timeOf(startMs)} begins before the one of ${timeOf(before)} ends.`];
    }
    before = startMs;
    compared += 1;
    if (compared === COMPARED_RUNS) break;
  }
  return [];
}
