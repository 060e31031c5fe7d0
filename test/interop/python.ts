import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/compiled.js';
import { type LineProcess, startProcess } from './lineProcess.js';

const folder = join(projectRoot, 'test/interop');

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
  const program: LineProcess = startProcess(interpreterOf('.venv'), [join(folder, file)]);
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

/** Runs `dispatch-cli`, with no settings but those given. */
export function pythonCommand(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const program = ['-m', 'frequenz.client.dispatch', ...args];
  return new Promise(resolve => {
    const child = execFile(
      interpreterOf('.venv'),
      program,
      { env: { ...env, PATH: process.env.PATH } },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** What is missing to run the Python command, or null. */
export function missingPythonCommand(): string | null {
  return missingPython() ?? missingPackages('.venv', 'requirements-cli.txt');
}

/** What is missing to run the Python programs, or null: each package of requirements.txt must be there in its version. */
export function missingPython(): string | null {
  return missingPackages('.venv', 'requirements.txt');
}

/** What an environment of `npm run interop:setup` lacks of the packages of a file in this folder, or null. */
export function missingPackages(environment: string, requirements: string): string | null {
  const program =
    'import importlib.metadata as m; print(*(f"{d.name}=={d.version}" for d in m.distributions()), sep="\\n")';
  try {
    const installed = execFileSync(interpreterOf(environment), ['-c', program], { encoding: 'utf8', stdio: 'pipe' });
    const wanted = readFileSync(join(folder, requirements), 'utf8').split('\n');
    const missing = wanted.filter(
      line => line !== '' && !line.startsWith('#') && !installed.split('\n').includes(line),
    );
    return missing.length === 0 ? null : `${environment} lacks ${missing.join(', ')}; npm run interop:setup`;
  } catch {
    return `needs ${environment} with its Python packages; npm run interop:setup`;
  }
}

/** What is missing to evaluate rules in local time on the zone data of this Node.js, or null. */
export function missingZoneData(): string | null {
  const version = process.versions.tz;
  try {
    const program = 'import tzdata; print(tzdata.IANA_VERSION)';
    const found = execFileSync(interpreterOf('.venv'), ['-c', program], { encoding: 'utf8', stdio: 'pipe' }).trim();
    return found === version ? null : `.venv has tzdata ${found}, Node.js ${version}; npm run interop:setup`;
  } catch {
    return `.venv lacks tzdata ${version}; npm run interop:setup`;
  }
}

function interpreterOf(environment: string): string {
  return join(projectRoot, environment, 'bin/python');
}
