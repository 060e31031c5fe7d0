import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeWith } from '../support/describeWith.js';
import { type LineProcess, startProcess } from './lineProcess.js';

const interpreter = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));

interface PythonFailure {
  readonly code: string;
  readonly message: string;
  readonly violations?: readonly PythonViolation[];
}

/** A field that is wrong, as `google.rpc.BadRequest` tells it. */
export interface PythonViolation {
  readonly field: string;
  readonly description: string;
}

/** What a call of a Python program failed with: a gRPC status name, or the class of a Python exception. */
class PythonError extends Error {
  override readonly name = 'PythonError';
  readonly code: string;
  readonly violations: readonly PythonViolation[];

  constructor({ code, message, violations = [] }: PythonFailure) {
    super(message);
    this.code = code;
    this.violations = violations;
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

/** A `describe` of tests that need the Python packages of requirements.txt ({@link describeWith}). */
export function describeWithPython(name: string, tests: () => void): void {
  describeWith(missingPython(), name, tests);
}

/** What is missing to run the Python programs, or null: each package of requirements.txt must be there in its version. */
export function missingPython(): string | null {
  const program =
    'import importlib.metadata as m; print(*(f"{d.name}=={d.version}" for d in m.distributions()), sep="\\n")';
  try {
    const installed = execFileSync(interpreter, ['-c', program], { encoding: 'utf8', stdio: 'pipe' }).split('\n');
    const requirements = readFileSync(new URL('requirements.txt', import.meta.url), 'utf8').split('\n');
    const wanted = requirements.filter(line => line !== '' && !line.startsWith('#'));
    const missing = wanted.filter(requirement => !installed.includes(requirement));
    return missing.length === 0 ? null : `.venv lacks ${missing.join(', ')}; npm run interop:setup`;
  } catch {
    return 'needs .venv with the Python packages; npm run interop:setup';
  }
}
