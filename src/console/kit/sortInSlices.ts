/** Number of entries that are sorted, or merged, between two yields. */
const sliceSize = 1_024;

/** Sorts a list, of which equal entries keep their order; yields between slices of the work. */
export function* sortInSlices<T>(list: readonly T[], compare: (a: T, b: T) => number): Generator<void, T[], void> {
  let parts: T[][] = [];
  for (let start = 0; start < list.length; start += sliceSize) {
    parts.push(list.slice(start, start + sliceSize).sort(compare));
    if (parts.length > 1) yield;
  }
  while (parts.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < parts.length; i += 2) merged.push(yield* merge(parts[i] ?? [], parts[i + 1] ?? [], compare));
    parts = merged;
  }
  return parts[0] ?? [];
}

function* merge<T>(
  first: readonly T[],
  second: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<void, T[], void> {
  const merged: T[] = [];
  for (let [i, j] = [0, 0]; i < first.length || j < second.length; ) {
    const takesSecond = i === first.length || (j < second.length && compare(first[i] as T, second[j] as T) > 0);
    merged.push((takesSecond ? second[j++] : first[i++]) as T);
    if (merged.length % sliceSize === 0) yield;
  }
  return merged;
}
