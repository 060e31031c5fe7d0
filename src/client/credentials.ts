import { DispatchError } from '../model/dispatchError.js';

/** Credentials of a client. A secret needs a key, because signatures cover the key. */
export interface Credentials {
  /** The API key, sent with every call: printable ASCII. */
  readonly authKey?: string | undefined;
  /** The secret with which every call is signed; it is never sent. */
  readonly signSecret?: string | undefined;
}

/**
 * Returns the credentials for an attempt at a call. It is called before each attempt, so it should cache them when they are
 * expensive to get.
 *
 * @param request.rejected whether the service rejected the last credentials, so that new ones must be fetched.
 */
export type CredentialsProvider = (request: { readonly rejected: boolean }) => Credentials | Promise<Credentials>;

/** Fixed credentials, or a provider of credentials that change. */
export type CredentialsOptions =
  | (Credentials & { readonly credentials?: never })
  | { readonly credentials: CredentialsProvider; readonly authKey?: never; readonly signSecret?: never };

/** The credentials of a client, attempt by attempt. */
export interface CredentialSource {
  /** Whether they can be replaced after they were rejected. */
  readonly changes: boolean;
  /** @throws DispatchError INVALID_ARGUMENT when they cannot be sent; UNAVAILABLE when the provider fails. */
  next(): Credentials | Promise<Credentials>;
  /** Reports that the service rejected the last credentials. */
  reject(): void;
}

/** A value that gRPC can send as metadata. Spaces at the ends would be stripped on the way. */
const SENDABLE = /^[!-~]([ -~]*[!-~])?$/;

/** @throws DispatchError INVALID_ARGUMENT when fixed credentials are invalid. */
export function credentialSource(options: CredentialsOptions): CredentialSource {
  const { credentials: provider } = options;
  if (provider === undefined) {
    const { authKey, signSecret } = checked(options);
    return { changes: false, next: () => ({ authKey, signSecret }), reject: () => {} };
  }
  if (options.authKey !== undefined || options.signSecret !== undefined) {
    throw wrong('credentials', 'cannot be combined with authKey or signSecret');
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
    throw wrong('authKey', 'must be printable ASCII, without spaces or line breaks at its ends, and not empty');
  }
  if (signSecret === '') throw wrong('signSecret', 'must not be empty');
  if (signSecret !== undefined && authKey === undefined) {
    throw wrong('signSecret', 'needs an authKey, because signatures cover it');
  }
  return credentials;
}

function wrong(field: string, problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `${field} ${problem}`, { field });
}
