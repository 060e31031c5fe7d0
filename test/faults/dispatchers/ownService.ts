import { startDispatchService } from '../../../src/service/index.js';
import type { Peer } from './peer.js';

/** Our service on a database. */
export async function ownService(database: string): Promise<Peer> {
  const service = await startDispatchService({ database });
  return {
    address: service.address,
    target: `127.0.0.1:${service.port}`,
    resumes: true,
    changesRules: true,
    listsEndless: true,
    problemCodes: [],
    [Symbol.asyncDispose]: () => service.stop({ now: true }),
  };
}
