import { startMacrocosim } from '../../interop/macrocosim.js';
import { PythonService } from '../../interop/pythonService.js';
import type { Peer } from './peer.js';

/** Services by others keep no log of changes: a dispatcher that comes back lists, and may pass over versions that are over. */
const withoutLog = { resumes: false } as const;

/** The fake service of the Python packages. */
export async function pythonPeer(): Promise<Peer> {
  const service = await new PythonService().start();
  return {
    ...withoutLog,
    address: service.address,
    target: `127.0.0.1:${service.port}`,
    changesRules: true,
    listsEndless: true,
    problemCodes: [],
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/**
 * The simulator macrocosim with so many microgrids. A list by the end leaves out what has no end, among that every rule; each stream begins
 * with all there is. Updates of rules it ignores. Streams that lag end with DATA_LOSS.
 */
export async function macrocosimPeer(microgrids: number): Promise<Peer> {
  const macrocosim = await startMacrocosim({ microgrids });
  return { ...macrocosim, ...withoutLog, changesRules: false, listsEndless: false, problemCodes: ['DATA_LOSS'] };
}
