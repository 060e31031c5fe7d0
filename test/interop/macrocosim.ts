import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/compiled.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { startProcess } from './lineProcess.js';
import { missingPackages } from './python.js';

const environment = '.venv-macrocosim';

/** The simulator macrocosim, which has a dispatch service by another author. It keeps dispatches in memory. */
export interface Macrocosim extends AsyncDisposable {
  /** `HOST:PORT` of its dispatch service. */
  readonly target: string;
  readonly address: string;
}

/** What is missing to run macrocosim, or null. */
export function missingMacrocosim(): string | null {
  return missingPackages(environment, 'requirements-macrocosim.txt');
}

/** Starts it with microgrids from 1 on, on free ports. It takes every key. */
export async function startMacrocosim({ microgrids = 1 } = {}): Promise<Macrocosim> {
  const folder = temporaryFolder();
  const sites = Array.from({ length: microgrids }, (_, i) => site(i + 1));
  writeFileSync(join(folder.path, 'site.lisp'), sites.join('\n'));
  const program = join(projectRoot, environment, 'bin/macrocosim');
  const process = startProcess(program, ['site.lisp', '--ephemeral-ports', '--emit-endpoints'], folder.path);
  const { dispatch } = await process.until(lines => lines.flatMap(endpointsOf)[0]);
  return {
    target: dispatch,
    address: `grpc://${dispatch}?ssl=false`,
    async [Symbol.asyncDispose]() {
      await process.kill();
      folder[Symbol.dispose]();
    },
  };
}

function site(id: number): string {
  return `(make-microgrid :id ${id} :grpc-port ${8800 + id} :topology (lambda () (make-grid-connection-point :id ${id})))`;
}

/** The line of its output that says where it listens. */
function endpointsOf(line: string): { readonly dispatch: string }[] {
  return line.startsWith('{"') ? [JSON.parse(line)] : [];
}
