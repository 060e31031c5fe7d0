import type { Turn } from './planningService.js';

/** A command in a test: it waits for its turn before each of its calls. */
interface Waiting {
  /** Lets the call take effect that it waits for. */
  go: (() => void) | null;
  isOver: boolean;
  /** Resolves when it waits for its turn, or is over. */
  arrived: Promise<void>;
}

/**
 * Runs commands at the same time, their calls in an order that the test gives.
 *
 * @param order - how many calls the first command makes, then the second, and so on in turn; afterwards the first runs to its end, then the others.
 * @returns how they ended: null, or the error.
 */
export async function interleaved(
  commands: readonly ((turn: Turn) => Promise<void>)[],
  order: readonly number[],
): Promise<unknown[]> {
  const outcomes: unknown[] = commands.map(() => null);
  const all = commands.map((command, index) => {
    const waiting: Waiting = { go: null, isOver: false, arrived: Promise.resolve() };
    let arrive: () => void = () => {};
    const depart = () => {
      waiting.arrived = new Promise(resolve => {
        arrive = resolve;
      });
    };
    const turn: Turn = () =>
      new Promise(resolve => {
        waiting.go = () => {
          waiting.go = null;
          depart();
          resolve();
        };
        arrive();
      });
    depart();
    void command(turn)
      .catch(error => {
        outcomes[index] = error;
      })
      .finally(() => {
        waiting.isOver = true;
        arrive();
      });
    return waiting;
  });
  const step = async (waiting: Waiting) => {
    await waiting.arrived;
    if (waiting.isOver) return false;
    waiting.go?.();
    await waiting.arrived;
    return !waiting.isOver;
  };
  for (const [index, count] of order.entries()) {
    const waiting = all[index % all.length];
    for (let calls = 0; waiting !== undefined && calls < count; calls += 1) if (!(await step(waiting))) break;
  }
  for (const waiting of all) while (await step(waiting));
  return outcomes;
}
