import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = new URL('../../../', import.meta.url);
const interpreter = fileURLToPath(new URL('.venv/bin/python', root));
const program = fileURLToPath(new URL('test/bench/python_bench.py', root));

/**
 * What the Python packages need for the same, in a process of its own; null where they are not installed
 * (`npm run interop:setup`).
 *
 * @param name a measurement of python_bench.py
 */
export async function inPython<TAnswer>(
  name: string,
  address: string,
  ...numbers: readonly number[]
): Promise<TAnswer | null> {
  const python = pythonProgram(name, address);
  if (python === null) return null;
  const { stdout } = await promisify(execFile)(python.interpreter, [...python.args, ...numbers.map(String)]);
  return JSON.parse(stdout);
}

/** How a measurement of python_bench.py is run; null where the Python packages are not installed. */
export function pythonProgram(name: string, address: string): { interpreter: string; args: string[] } | null {
  return existsSync(interpreter) ? { interpreter, args: [program, name, address] } : null;
}
