import { ServerCredentials } from '@grpc/grpc-js';

import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import { invalidOption } from '../domain/invalidOption.js';
import { type KeyRing, keyRing } from './keyRing.js';
import { parseKeysFile } from './keysFile.js';
import type { ListenAddress } from './listenAddress.js';
import { type ServerTls, type ServiceTlsOptions, serverTls } from './serverTls.js';
import { warnWhenReadable } from './warnWhenReadable.js';
import { type WatchedFiles, watchFiles } from './watchFiles.js';

/** Options for the access to a service. */
export interface AccessOptions {
  /** The API key that every call must have; it has access to all microgrids and their audit. Without `authKey` and `keys` every caller is accepted. */
  readonly authKey?: string | undefined;
  /** The secret with which calls with the `authKey` must be signed. Without it no signature is needed. */
  readonly signSecret?: string | undefined;
  /**
   * A file of API keys, instead of an `authKey`, each with a name, a secret and the microgrids to which it has access:
   * `{ "keys": [{ "name": "partner-a", "key": "…", "secret": "…", "microgrids": [1, 2] }] }`, where `microgrids` may be
   * `"all"`, and calls with a key without a `secret` need no signature. A key with `"access": "read"` cannot change anything. The
   * file is reloaded when it changes: streams of a removed key end with UNAUTHENTICATED.
   */
  readonly keys?: string | undefined;
  /**
   * Certificate and key to serve over TLS.
   *
   * @default no TLS
   */
  readonly tls?: ServiceTlsOptions | undefined;
  /**
   * Allows other machines to connect without API keys or without TLS. Only for a trusted network.
   *
   * @default false
   */
  readonly insecure?: boolean | undefined;
}

/** The access to a service, kept up to date with its files. */
export interface AccessControl {
  /** The accepted API keys; null accepts every caller. */
  readonly keys: KeyRing | null;
  readonly credentials: ServerCredentials;
  /** The certificates for servers that do not speak gRPC; null without TLS. */
  readonly tls: Pick<ServerTls, 'follow' | 'withClients'> | null;
  /** Checks at once whether the files have changed. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Loads keys and certificates, and watches their files.
 *
 * @param listen - the addresses that are listened on, by the options that name them.
 * @throws DispatchError INVALID_ARGUMENT when an option, or a file that it names, is invalid, or the address needs keys or TLS
 * that are missing.
 */
export async function loadAccessControl(
  options: AccessOptions,
  listen: { readonly [option: string]: ListenAddress | undefined },
  logger: Logger,
): Promise<AccessControl> {
  checkOptions(options);
  for (const [option, place] of Object.entries(listen)) if (place) checkPlace(option, place, options);
  const tls = options.tls ? await serverTls(options.tls, logger) : null;
  try {
    const { keys, file } = await openKeys(options, logger);
    const opened = [tls, file].filter(watched => watched !== null);
    return {
      keys,
      tls,
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
    const apiKey = { name: 'default', key: authKey ?? '', secret: signSecret, microgrids: 'all', audit: true } as const;
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

function checkOptions({ authKey, signSecret, keys }: AccessOptions): void {
  if (authKey === '') throw invalidOption('authKey', 'must not be empty; leave it out to accept every caller');
  if (signSecret === '') throw invalidOption('signSecret', 'must not be empty; leave it out to check no signatures');
  if (keys !== undefined && (authKey ?? signSecret) !== undefined) {
    throw invalidOption('keys', 'cannot be used together with an authKey or a signSecret');
  }
  if (signSecret !== undefined && authKey === undefined) {
    throw invalidOption('signSecret', 'needs an authKey, because signatures cover it');
  }
}

function checkPlace(option: string, { text, loopback }: ListenAddress, options: AccessOptions): void {
  const { authKey, keys, tls, insecure } = options;
  if (loopback || insecure) return;
  const missing = [
    ...((authKey ?? keys) === undefined ? ['API keys (--keys)'] : []),
    ...(tls === undefined ? ['TLS (--tls-cert and --tls-key)'] : []),
  ];
  if (missing.length === 0) return;
  const needs = `can be reached from other machines, which needs ${missing.join(' and ')}`;
  throw invalidOption(option, `${text} ${needs}, or --insecure in a trusted network`);
}
