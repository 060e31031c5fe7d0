import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const taskProcess = fileURLToPath(new URL('taskProcess.js', import.meta.url));

/**
 * Runs a function in a process of its own, as cold as a program that has just started.
 *
 * @param module the `import.meta.url` of the module that exports the function under its name
 * @param input JSON, as the answer must be
 */
export async function inFreshProcess<TInput, TAnswer>(
  module: string,
  task: (input: TInput) => Promise<TAnswer>,
  input: TInput,
): Promise<TAnswer> {
  const child = fork(taskProcess, [module, task.name, JSON.stringify(input)]);
  const ended = once(child, 'exit');
  const answer = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
  const [code] = await ended;
  if (answer === undefined || code !== 0) throw new Error(`${task.name} failed in a process of its own`);
  return answer[0] as TAnswer;
}
