import { DispatchError, type DispatchErrorCode } from '../../model/dispatchError.js';
import { clientTransport, DispatchClient, dispatcherActors, systemClock } from '../../web/index.js';
import { forgetSession, type KeptSession, keepSession, keptOpened, keptSession } from './keptSession.js';
import { forgetLink, type OpeningLink } from './linkCode.js';
import { postJson } from './postJson.js';
import type { DeliveredPart, SessionFacts, SessionPort, SignInField } from './sessionPort.js';

/** How people sign in: by the link that `dispatch console` prints, with a key, or not at all. */
export type SignInWay = 'code' | 'key' | 'none';

/** Options of {@link webSession}. */
export interface WebSessionOptions {
  readonly signIn: SignInWay;
  /** The link that has opened the page; null: none. */
  readonly link: OpeningLink | null;
}

/** What the server of the page answers to the code of a link. */
interface LinkSession {
  readonly key: string;
  readonly service: string;
  readonly microgrids: readonly number[];
  readonly hasHistory: boolean;
  readonly spanMs?: number;
}

type Credentials = Pick<KeptSession, 'authKey' | 'signSecret'>;

const keyFields: readonly SignInField[] = [
  { name: 'key', label: 'Key', secret: false },
  { name: 'secret', label: 'Secret', secret: true, optional: true },
];

const { origin } = location;

/** The session of a page that the service, or `dispatch console`, serves: all calls go to where the page is from. */
export function webSession(options: WebSessionOptions): SessionPort {
  const { signIn } = options;
  let opening = options.link;
  let session: { readonly authKey: string | undefined; readonly client: DispatchClient } | null = null;
  const opened = () => {
    if (session !== null) return session;
    throw new DispatchError('STOPPED', 'the session is closed');
  };

  /** Finds the credentials of a session, and what is known of it beside the rights. */
  async function found(fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Found> {
    const taken = opening;
    opening = null;
    const link = signIn === 'code' && taken !== null ? await exchanged(taken, signal) : null;
    if (link !== null) {
      const { key: authKey, microgrids: openFirst, ...others } = link;
      const known = { ...others, openFirst };
      forgetSession();
      // Also when the service is away now.
      keepSession({ authKey, facts: { ...known, ...unknownRights } });
      forgetLink();
      return { credentials: { authKey }, kept: null, known };
    }
    const known = { service: origin, openFirst: [], hasHistory: false };
    if (fields.key?.trim()) {
      const { key, secret: signSecret } = fields;
      const authKey = key.trim();
      return { credentials: { authKey, ...(signSecret && { signSecret }) }, kept: null, known };
    }
    const kept = keptSession();
    if (kept !== null) return { credentials: credentialsOf(kept), kept, known: kept.facts };
    if (signIn === 'none') return { credentials: {}, kept, known };
    throw new DispatchError(
      'UNAUTHENTICATED',
      signIn === 'key' ? 'a key is needed' : 'open the link that dispatch console has printed: each opens one tab',
    );
  }

  return {
    clock: systemClock,
    signInFields: signIn === 'key' ? keyFields : [],
    opensAtOnce: signIn !== 'key' || keptSession() !== null,
    actors: dispatcherActors({
      transport: () => ({ ...clientTransport(opened().client, systemClock), close: () => {} }),
    }),
    async open(fields, signal) {
      const { credentials, kept, known } = await found(fields, signal);
      const client = clientOf(credentials);
      try {
        const rights = await rightsOf(client, signal);
        const openFirst = keptOpened() ?? known.openFirst;
        const facts = { ...known, ...rights, openFirst };
        keepSession({ ...credentials, facts });
        session = { authKey: credentials.authKey, client };
        return facts;
      } catch (error) {
        // The service is away: what runs and is planned is seen again when it is back.
        if (kept !== null && isOf(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED') && !signal.aborted) {
          session = { authKey: credentials.authKey, client };
          return { ...kept.facts, openFirst: keptOpened() ?? kept.facts.openFirst };
        }
        client.close();
        if (isOf(error, 'UNAUTHENTICATED')) forgetSession();
        throw lacksSecret(error, credentials)
          ? new DispatchError('UNAUTHENTICATED', 'this service wants a secret beside the key', { cause: error })
          : error;
      }
    },
    close() {
      forgetSession();
      session?.client.close();
      session = null;
    },
    calls: microgridId => opened().client.forMicrogrid(microgridId),
    delivered: ({ microgridId, fromMs, toMs }, signal) =>
      postJson<DeliveredPart>('/history', {
        body: { microgridId, fromMs, toMs },
        headers: { key: opened().authKey ?? '' },
        signal,
      }),
  };
}

interface Found {
  readonly credentials: Credentials;
  /** The session of this tab before it was loaded again. */
  readonly kept: KeptSession | null;
  readonly known: Pick<SessionFacts, 'service' | 'openFirst' | 'hasHistory' | 'spanMs'>;
}

/** Exchanges the code of a link; null when it was used before, and the tab has a session already. */
async function exchanged(link: OpeningLink, signal: AbortSignal): Promise<LinkSession | null> {
  try {
    return await postJson<LinkSession>('/session', { body: link, signal });
  } catch (error) {
    if (!isOf(error, 'UNAUTHENTICATED')) throw error;
    forgetLink();
    if (keptSession() !== null) return null;
    throw error;
  }
}

function credentialsOf({ authKey, signSecret }: KeptSession): Credentials {
  return { ...(authKey !== undefined && { authKey }), ...(signSecret !== undefined && { signSecret }) };
}

function clientOf(credentials: Credentials): DispatchClient {
  return new DispatchClient({ url: origin, ...credentials });
}

type Rights = Pick<SessionFacts, 'keyName' | 'microgrids' | 'mayWrite' | 'mayReadAudit'>;

/** What a key may at most: the service refuses what it may not. */
const unknownRights: Rights = { keyName: null, microgrids: 'all', mayWrite: true, mayReadAudit: false };

/** What the key may do; of a service that cannot tell, what it may at most. */
async function rightsOf(client: DispatchClient, signal: AbortSignal): Promise<Rights> {
  try {
    const { keyName, microgrids, mayWrite, mayReadAudit } = await client.whoami({ signal });
    return { keyName, microgrids, mayWrite, mayReadAudit };
  } catch (error) {
    if (!isOf(error, 'UNIMPLEMENTED')) throw error;
    return unknownRights;
  }
}

/** Whether a call was refused because it is not signed. */
function lacksSecret(error: unknown, { signSecret }: Credentials): boolean {
  return signSecret === undefined && isOf(error, 'UNAUTHENTICATED') && String(error).includes('not signed');
}

function isOf(error: unknown, ...codes: readonly DispatchErrorCode[]): boolean {
  return error instanceof DispatchError && codes.includes(error.code);
}
