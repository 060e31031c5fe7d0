/**
 * How many divisions and bit scans a function makes: a measure of the work of the recurrence calculator that does not depend
 * on the machine, because each step of each of its searches makes one at least.
 */
export function countWork(run: () => unknown): number {
  const { floor, clz32 } = Math;
  let work = 0;
  Math.floor = value => {
    work += 1;
    return floor(value);
  };
  Math.clz32 = value => {
    work += 1;
    return clz32(value);
  };
  try {
    run();
  } finally {
    Math.floor = floor;
    Math.clz32 = clz32;
  }
  return work;
}
