interface Waiting<Request, Answer> {
  readonly request: Request;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Lets many requests share reads: those that come while a read is under way wait, and are then read together. So thousands of streams
 * that open at once cost a few statements, and one alone waits for nobody.
 *
 * @param readAll - reads what the requests ask for; returns an answer for each, in their order.
 * @param most - maximum number of requests of one read.
 * @returns the answer to one request; when a read fails, all of its requests do.
 */
export function readTogether<Request, Answer>(
  readAll: (requests: readonly Request[]) => Promise<readonly Answer[]>,
  most: number,
): (request: Request) => Promise<Answer> {
  let waiting: Waiting<Request, Answer>[] = [];
  let isReading = false;

  async function read(): Promise<void> {
    isReading = true;
    // Calls that arrive at the same time come one after the other.
    await new Promise<void>(resolve => setImmediate(resolve));
    while (waiting.length > 0) {
      const together = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const answers = await readAll(together.map(({ request }) => request));
        for (const [index, { resolve }] of together.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    isReading = false;
  }

  return request =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (!isReading) void read();
    });
}
