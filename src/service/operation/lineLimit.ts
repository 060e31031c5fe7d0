/** Limits the lines that are logged about somebody. */
export interface LineLimit {
  /** Takes a line about a name; false when it is to be left out. */
  take(name: string): boolean;
  /** Tells what was left out so far. */
  flush(): void;
}

const SECOND_MS = 1_000;

/**
 * Creates a limit of lines per name and second.
 *
 * @param tellLeftOut - is called for each name of which lines were left out, once the second is over, with their number.
 */
export function lineLimit(perSecond: number, tellLeftOut: (name: string, leftOut: number) => void): LineLimit {
  let counts = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const told = counts;
    counts = new Map();
    for (const [name, count] of told) if (count > perSecond) tellLeftOut(name, count - perSecond);
  }

  return {
    take(name) {
      timer ??= setTimeout(flush, SECOND_MS).unref();
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return count <= perSecond;
    },
    flush,
  };
}
