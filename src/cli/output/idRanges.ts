/** Formats ids in their order, those that follow one another as a range: `7, 101-593`. */
export function idRanges(ids: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const id of ids) {
    const range = ranges.at(-1);
    if (range !== undefined && id === range[1] + 1) range[1] = id;
    else ranges.push([id, id]);
  }
  return ranges
    .map(([first, last]) => (first === last ? first : last === first + 1 ? `${first}, ${last}` : `${first}-${last}`))
    .join(', ');
}
