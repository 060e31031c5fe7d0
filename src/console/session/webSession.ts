import { clientTransport, DispatchClient, DispatchError, dispatcherActors, systemClock } from '../../web/index.js';
import type { SessionFacts, SessionPort } from './sessionPort.js';

/**
 * A session with a service over HTTP. What is typed in stays in memory.
 *
 * @param url Where the service answers.
 */
export function webSession(url: string): SessionPort {
  let client: DispatchClient | null = null;
  const opened = () => {
    if (client !== null) return client;
    throw new DispatchError('STOPPED', 'the session is closed');
  };
  return {
    clock: systemClock,
    signInFields: [
      { name: 'key', label: 'Key', secret: false, optional: true },
      { name: 'secret', label: 'Secret', secret: true, optional: true },
      { name: 'microgrids', label: 'Microgrids, such as 1, 2', secret: false, optional: true },
    ],
    actors: dispatcherActors({
      transport: () => ({ ...clientTransport(opened(), systemClock), close: () => {} }),
    }),
    open: async ({ key = '', secret = '', microgrids = '' }, signal) => {
      const openFirst = idsOf(microgrids);
      client?.close();
      client = new DispatchClient({
        url,
        ...(key !== '' && { authKey: key }),
        ...(secret !== '' && { signSecret: secret }),
      });
      return { service: new URL(url).host, openFirst, ...(await rightsOf(client, signal)) };
    },
    close: () => {
      client?.close();
      client = null;
    },
    calls: microgridId => opened().forMicrogrid(microgridId),
  };
}

async function rightsOf(
  client: DispatchClient,
  signal: AbortSignal,
): Promise<Omit<SessionFacts, 'service' | 'openFirst'>> {
  try {
    const { keyName, microgrids, mayWrite, mayReadAudit } = await client.whoami({ signal });
    return { keyName, microgrids, mayWrite, mayReadAudit };
  } catch (error) {
    if (!(error instanceof DispatchError) || error.code !== 'UNIMPLEMENTED') throw error;
    // Another service, which will tell with each call.
    return { keyName: null, microgrids: 'all', mayWrite: true, mayReadAudit: false };
  }
}

function idsOf(text: string): number[] {
  return text
    .split(/[\s,]+/)
    .filter(part => part !== '')
    .map(part => {
      const id = Number(part);
      if (Number.isSafeInteger(id) && id >= 0) return id;
      throw new DispatchError('INVALID_ARGUMENT', `microgrids must be ids such as 1, 2, not ${part}`, {
        field: 'microgrids',
      });
    });
}
