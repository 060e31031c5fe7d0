import { ServerCredentials } from '@grpc/grpc-js';

import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import { invalidOption } from '../domain/invalidOption.js';
import { type KeyRing, keyRing } from './keyRing.js';
import { parseKeysFile } from './keysFile.js';
import type { ListenAddress } from './listenAddress.js';
import { type ServiceTlsOptions, serverTls } from './serverTls.js';
import { warnWhenReadable } from './warnWhenReadable.js';
import { type WatchedFiles, watchFiles } from './watchFiles.js';

/** Who may call a service, and over what. */
export interface AccessOptions {
  /** The one key that every call must carry; it sees all microgrids. Without one, and without `keys`, every caller is accepted. */
  readonly authKey?: string | undefined;
  /** The secret that every call with the `authKey` must be signed with. Without one signatures are not checked. */
  readonly signSecret?: string | undefined;
  /**
   * A file of API keys in place of an `authKey`, each with a name, a secret and the microgrids that it may see:
   * `{ "keys": [{ "name": "partner-a", "key": "…", "secret": "…", "microgrids": [1, 2] }] }`, where `microgrids` may be
   * `"all"`, and a key without a `secret` does not sign. It is read again when it changes: streams of a key that is gone
   * end with UNAUTHENTICATED.
   */
  readonly keys?: string | undefined;
  /**
   * Serves over TLS.
   *
   * @default without
   */
  readonly tls?: ServiceTlsOptions | undefined;
  /**
   * Allows to be reached from other machines without a key or without TLS, in a network that is to be trusted.
   *
   * @default false
   */
  readonly insecure?: boolean | undefined;
}

/** Who may call a service, kept up to date. */
export interface AccessControl {
  /** The keys that it accepts; null accepts every caller. */
  readonly keys: KeyRing | null;
  readonly credentials: ServerCredentials;
  /** Looks at once whether the files have changed. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads who may call.
 *
 * @throws DispatchError INVALID_ARGUMENT when an option, or the file that it names, is wrong, or too little to listen on
 * this address.
 */
export async function loadAccessControl(
  options: AccessOptions,
  listen: ListenAddress,
  logger: Logger,
): Promise<AccessControl> {
  checkOptions(options, listen);
  const tls = options.tls ? await serverTls(options.tls, logger) : null;
  try {
    const { keys, file } = await openKeys(options, logger);
    const opened = [tls, file].filter(watched => watched !== null);
    return {
      keys,
      credentials: tls?.credentials ?? ServerCredentials.createInsecure(),
      reload: async () => void (await Promise.all(opened.map(watched => watched.reload()))),
      close: async () => void (await Promise.all(opened.map(watched => watched.stop()))),
    };
  } catch (error) {
    await tls?.stop();
    throw error;
  }
}

async function openKeys(
  { authKey, signSecret, keys: path }: AccessOptions,
  logger: Logger,
): Promise<{ readonly keys: KeyRing | null; readonly file: WatchedFiles | null }> {
  if (path === undefined) {
    const apiKey = { name: 'default', key: authKey ?? '', secret: signSecret, microgrids: 'all' } as const;
    return { keys: authKey === undefined ? null : keyRing([apiKey]), file: null };
  }
  const keys = keyRing([]);
  const file = await watchFiles({
    paths: [path],
    what: 'the API keys',
    take([content]) {
      keys.replace(parseKeysFile(String(content), path));
      warnWhenReadable(path, 'the file of API keys', logger);
    },
    logger,
  }).catch(cause => {
    if (cause instanceof DispatchError) throw cause;
    throw invalidOption('keys', `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  return { keys, file };
}

function checkOptions(options: AccessOptions, { text, loopback }: ListenAddress): void {
  const { authKey, signSecret, keys, tls, insecure } = options;
  if (authKey === '') throw invalidOption('authKey', 'must not be empty; without one every caller is accepted');
  if (signSecret === '') throw invalidOption('signSecret', 'must not be empty; without one signatures are not checked');
  if (keys !== undefined && (authKey ?? signSecret) !== undefined) {
    throw invalidOption('keys', 'cannot be used together with an authKey or a signSecret');
  }
  if (signSecret !== undefined && authKey === undefined) {
    throw invalidOption('signSecret', 'needs an authKey, which signatures cover');
  }
  if (loopback || insecure) return;
  const missing = [
    ...((authKey ?? keys) === undefined ? ['API keys (--keys)'] : []),
    ...(tls === undefined ? ['TLS (--tls-cert and --tls-key)'] : []),
  ];
  if (missing.length === 0) return;
  const needs = `can be reached from other machines, which needs ${missing.join(' and ')}`;
  throw invalidOption('listen', `${text} ${needs}, or --insecure where the network is to be trusted`);
}
