import { compiledFolder, compiledModule } from '../../support/compiled.js';
import { startProcess } from '../../support/program.js';

/** Runs a benchmark to its end; returns its lines. */
export async function runBench(...args: readonly string[]): Promise<Record<string, unknown>[]> {
  await using bench = startProcess([compiledModule('test/bench/main.ts'), ...args, '--json'], { cwd: compiledFolder });
  const { code, stdout, stderr } = await bench.ended;
  if (code !== 0 || stderr !== '') throw new Error(`the benchmark ended with ${code}: ${stderr}`);
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
}
