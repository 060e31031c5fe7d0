import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';

import type { Logger } from '../../logger.js';
import { DispatchError } from '../../model/dispatchError.js';
import { invalidOption } from '../domain/invalidOption.js';
import { warnWhenReadable } from './warnWhenReadable.js';
import { type WatchedFiles, watchFiles } from './watchFiles.js';

/** Timeout of the TLS handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Files in PEM format for TLS. They are reloaded when they change; open connections stay. */
export interface ServiceTlsOptions {
  /** The certificate of the service, followed by its chain. */
  readonly certificate: string;
  /** The private key of the certificate, without a passphrase. */
  readonly key: string;
  /** Certificate authorities of clients. With them clients must have a certificate (mutual TLS). */
  readonly clientCa?: string | undefined;
}

/** Server credentials that follow their files. */
export interface ServerTls extends WatchedFiles {
  readonly credentials: ServerCredentials;
  /** Whether clients must have a certificate. */
  readonly withClients: boolean;
  /** Calls a function with what other servers need, now and whenever it has changed. */
  follow(listener: (context: ServerContext) => void): void;
}

/** Certificates and keys as a server of Node takes them. */
export interface ServerContext extends SecureContextOptions {
  readonly cert: Buffer;
}

/**
 * Creates credentials from files, for TLS 1.2 and newer.
 *
 * @throws DispatchError INVALID_ARGUMENT that names the option when a file cannot be read or has invalid content, or key and
 * certificate do not match.
 */
export async function serverTls({ certificate, key, clientCa }: ServiceTlsOptions, logger: Logger): Promise<ServerTls> {
  let credentials: FollowingCredentials | null = null;
  let present: ServerContext | null = null;
  const followers: ((context: ServerContext) => void)[] = [];
  const files: NamedFile[] = [
    { field: 'tls.certificate', path: certificate },
    { field: 'tls.key', path: key },
    ...(clientCa === undefined ? [] : [{ field: 'tls.clientCa', path: clientCa }]),
  ];
  const watched = await watchFiles({
    paths: files.map(({ path }) => path),
    what: 'the certificates of the service',
    take(contents) {
      const context = secureContext(contents, files, logger);
      warnWhenReadable(key, 'the private key of the service', logger);
      if (credentials) credentials.follow(context);
      else credentials = new FollowingCredentials(context, clientCa !== undefined);
      present = context;
      for (const follow of followers) follow(context);
    },
    logger,
  }).catch(error => {
    throw error instanceof DispatchError ? error : unreadable(files, error);
  });
  if (credentials === null) throw new Error('the first content was not taken');
  return {
    ...watched,
    credentials,
    withClients: clientCa !== undefined,
    follow(listener) {
      followers.push(listener);
      if (present) listener(present);
    },
  };
}

interface NamedFile {
  readonly field: string;
  readonly path: string;
}

class FollowingCredentials extends ServerCredentials {
  constructor(context: SecureContextOptions, withClients: boolean) {
    const asked = { requestCert: withClients, rejectUnauthorized: withClients };
    super({ ...asked, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, context);
  }

  /** Makes new connections use another context. */
  follow(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function secureContext(contents: readonly Buffer[], files: readonly NamedFile[], logger: Logger): ServerContext {
  const [cert, key, ca] = contents;
  const [certFile, keyFile, caFile] = files;
  if (!cert || !key || !certFile || !keyFile) throw new Error('a certificate and a key were asked for');
  const certificate = parsed(certFile, 'contains no certificate in PEM format', () => new X509Certificate(cert));
  const privateKey = parsed(keyFile, 'contains no private key in PEM format without a passphrase', () =>
    createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) throw wrongFile(keyFile, `does not match ${certFile.path}`);
  if (ca && caFile) parsed(caFile, 'contains no certificate in PEM format', () => new X509Certificate(ca));
  if (Date.parse(certificate.validTo) < Date.now()) {
    logger.warn(
      { certificate: certFile.path, validTo: certificate.validTo },
      'the certificate of the service has expired',
    );
  }
  const context: ServerContext = { cert, key, minVersion: 'TLSv1.2', ...(ca && { ca }) };
  parsed(certFile, 'cannot be used', () => createSecureContext(context));
  return context;
}

function parsed<T>(file: NamedFile, problem: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw wrongFile(file, problem, cause);
  }
}

function unreadable(files: readonly NamedFile[], error: unknown): unknown {
  const { path } = error as NodeJS.ErrnoException;
  const file = files.find(candidate => candidate.path === path);
  return file ? wrongFile(file, `cannot be read: ${(error as Error).message}`, error) : error;
}

function wrongFile({ field, path }: NamedFile, problem: string, cause?: unknown): DispatchError {
  return invalidOption(field, `${path} ${problem}`, cause);
}
