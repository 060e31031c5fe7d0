import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a process does when it is asked. Inputs and answers are JSON. */
export type Tasks = Readonly<Record<string, (...input: never[]) => unknown>>;

/** A process that is asked for one thing after the other, and ends with this one. */
export interface AskedProcess<Asked extends Tasks> extends AsyncDisposable {
  readonly pid: number;
  /** Rejects when the task fails, or when the process ends before it has answered. */
  ask<Name extends keyof Asked & string>(
    name: Name,
    ...input: Parameters<Asked[Name]>
  ): Promise<Awaited<ReturnType<Asked[Name]>>>;
}

interface Answer {
  readonly number: number;
  readonly answer?: unknown;
  readonly error?: string;
}

/** Starts the module of this URL, which calls {@link answerTasks}, as a process of its own. */
export function startAsked<Asked extends Tasks>(module: URL): AskedProcess<Asked> {
  return askedProcess(fork(fileURLToPath(module), { execArgv: ['--expose-gc'] }));
}

/** Asks a process that calls {@link answerTasks}. */
export function askedProcess<Asked extends Tasks>(child: ChildProcess): AskedProcess<Asked> {
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  const ended = once(child, 'exit');
  let asked = 0;
  child.on('message', ({ number, answer, error }: Answer) => {
    const asker = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) asker?.resolve(answer as never);
    else asker?.reject(new Error(error));
  });
  void ended.then(([code, signal]) => {
    for (const { reject } of waiting.values()) reject(new Error(`the process ended (${signal ?? code})`));
  });
  return {
    pid: child.pid ?? 0,
    ask: (name, ...input) =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.set(asked, { resolve, reject });
        child.send({ number: asked, name, input }, error => error && reject(error));
      }),
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** Answers the process that has started this one, until that ends. */
export function answerTasks(tasks: Tasks): void {
  process.on('message', async ({ number, name, input }: { number: number; name: string; input: never[] }) => {
    const send = (answer: Answer) => process.connected && process.send?.(answer);
    try {
      send({ number, answer: await tasks[name]?.(...input) });
    } catch (error) {
      send({ number, error: `${name}: ${error instanceof Error ? error.stack : error}` });
    }
  });
  process.on('disconnect', () => process.exit());
}
