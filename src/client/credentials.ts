import { DispatchError } from '../model/dispatchError.js';

/** What a client shows to the service. A secret without a key is refused: signatures cover the key. */
export interface Credentials {
  /** The API key, sent with every call: printable ASCII. */
  readonly authKey?: string | undefined;
  /** The secret that every call is signed with; it is never sent. */
  readonly signSecret?: string | undefined;
}

/**
 * Gives the credentials of an attempt at a call. It is asked before each attempt, so it keeps them itself when they are
 * costly to get.
 *
 * @param request.rejected whether the service has rejected what it gave last; then it is time to fetch others.
 */
export type CredentialsProvider = (request: { readonly rejected: boolean }) => Credentials | Promise<Credentials>;

/** Credentials that stay, or in their place a provider of credentials that change. */
export type CredentialsOptions =
  | (Credentials & { readonly credentials?: never })
  | { readonly credentials: CredentialsProvider; readonly authKey?: never; readonly signSecret?: never };

/** The credentials of a client, attempt by attempt. */
export interface CredentialSource {
  /** Whether there may be others once they are rejected. */
  readonly changes: boolean;
  /** @throws DispatchError INVALID_ARGUMENT when they cannot be sent; UNAVAILABLE when the provider fails. */
  next(): Credentials | Promise<Credentials>;
  /** The service has rejected the last ones. */
  reject(): void;
}

/** What gRPC can carry as metadata, without blanks at the ends, which are lost on the way. */
const SENDABLE = /^[!-~]([ -~]*[!-~])?$/;

/** @throws DispatchError INVALID_ARGUMENT when there are credentials that stay and cannot be sent. */
export function credentialSource(options: CredentialsOptions): CredentialSource {
  const { credentials: provider } = options;
  if (provider === undefined) {
    const { authKey, signSecret } = checked(options);
    return { changes: false, next: () => ({ authKey, signSecret }), reject: () => {} };
  }
  if (options.authKey !== undefined || options.signSecret !== undefined) {
    throw wrong('credentials', 'stands in place of authKey and signSecret');
  }
  let rejected = false;
  return {
    changes: true,
    async next() {
      const request = { rejected };
      rejected = false;
      let credentials: Credentials;
      try {
        credentials = await provider(request);
      } catch (cause) {
        // Its message may hold a secret.
        throw new DispatchError('UNAVAILABLE', 'the provider of the credentials failed', { cause });
      }
      return checked(credentials);
    },
    reject() {
      rejected = true;
    },
  };
}

function checked(credentials: Credentials): Credentials {
  const { authKey, signSecret } = credentials;
  if (authKey !== undefined && !SENDABLE.test(authKey)) {
    throw wrong('authKey', 'must be printable ASCII without blanks or line breaks at its ends, and not empty');
  }
  if (signSecret === '') throw wrong('signSecret', 'must not be empty');
  if (signSecret !== undefined && authKey === undefined) {
    throw wrong('signSecret', 'needs an authKey, which signatures cover');
  }
  return credentials;
}

function wrong(field: string, problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${field} ${problem}`, { field });
}
