import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { type LineProcess, startProcess } from './lineProcess.js';

const interpreter = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

/** What a call of a Python program failed with: a gRPC status name, or the class of a Python exception. */
class PythonError extends Error {
  override readonly name = 'PythonError';
  readonly code: string;

  constructor({ code, message }: { code: string; message: string }) {
    super(message);
    this.code = code;
  }
}

/** A Python program of this folder that answers calls. */
export interface PythonProgram extends AsyncDisposable {
  /** @throws PythonError with what the call failed with. */
  call<Result>(name: string, args: object): Promise<Result>;
  /** Kills the program at once. */
  kill(): Promise<void>;
}

/** Starts a Python program that reads calls from its standard input (`json_lines.py`). */
export function startPython(file: string): PythonProgram {
  const program: LineProcess = startProcess(interpreter, [fileURLToPath(new URL(file, import.meta.url))]);
  let called = 0;
  return {
    async call<Result>(name: string, args: object): Promise<Result> {
      const index = called++;
      program.write(JSON.stringify({ call: name, args }));
      const answer = JSON.parse(await program.until(lines => lines[index]));
      if (answer.error !== undefined) throw new PythonError(answer.error);
      return answer.result;
    },
    kill: program.kill,
    [Symbol.asyncDispose]: program[Symbol.asyncDispose],
  };
}

/**
 * A `describe` of tests that need the Python packages of requirements.txt. Without them it says what is left out; where
 * the environment variable CI is `true` or INTEROP is `required` it fails.
 */
export function describeWithPython(name: string, tests: () => void): void {
  const missing = whatIsMissing();
  if (missing === null) {
    describe(name, tests);
  } else if (process.env.CI === 'true' || process.env.INTEROP === 'required') {
    it(name, () => {
      throw new Error(missing);
    });
  } else {
    console.warn(`left out: ${name} (${missing})`);
    describe.skip(name, tests);
  }
}

function whatIsMissing(): string | null {
  const requirements = readFileSync(new URL('requirements.txt', import.meta.url), 'utf8');
  const wanted = /^frequenz-client-dispatch==(.+)$/m.exec(requirements)?.[1];
  const program = 'import importlib.metadata as m; print(m.version("frequenz-client-dispatch"))';
  try {
    const installed = execFileSync(interpreter, ['-c', program], { encoding: 'utf8', stdio: 'pipe' }).trim();
    return installed === wanted ? null : `.venv has version ${installed}, not ${wanted}; npm run interop:setup`;
  } catch {
    return 'needs .venv with the Python packages; npm run interop:setup';
  }
}
