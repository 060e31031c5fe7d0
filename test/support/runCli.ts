import { vi } from 'vitest';
import { runCommand } from '../../src/cli/runCommand.js';
import type { CliResult } from './startCli.js';

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the `dispatch` command to its end in this process, which starts at once where a process of its own takes a second.
 * Commands run one after the other, because they share stdout, stderr and the environment.
 *
 * @param args Arguments of the command line.
 * @param env Variables of the environment; of those that begin with `DISPATCH_` or `FREQUENZ_` the command gets no others.
 */
export function runCli(args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  const result = last.then(() => runAlone(args, env));
  last = result.catch(() => {});
  return result;
}

async function runAlone(args: readonly string[], env: Record<string, string>): Promise<CliResult> {
  const before = { ...process.env };
  const texts = { stdout: '', stderr: '' };
  const capture = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((text, ...more: unknown[]) => {
      texts[name] += text;
      for (const written of more) if (typeof written === 'function') written();
      return true;
    });
  for (const name of Object.keys(before)) if (/^(DISPATCH|FREQUENZ)_/.test(name)) delete process.env[name];
  Object.assign(process.env, env);
  const captured = [capture('stdout'), capture('stderr')];
  try {
    const code = await runCommand(args);
    return { code, ...texts };
  } finally {
    for (const spy of captured) spy.mockRestore();
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
