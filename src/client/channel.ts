import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ChannelCredentials } from '@grpc/grpc-js';
import { type Channel, type ChannelOptions, createChannel } from 'nice-grpc';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import { parseServiceAddress, type ServiceAddress } from '../wire/serviceAddress.js';

/** Certificates in PEM, in place of those that the address names. */
export interface TlsOptions {
  /** Whom to trust. @default the certificates that Node.js trusts */
  readonly rootCertificates?: Buffer;
  /** The key of the client's own certificate. */
  readonly privateKey?: Buffer;
  /** The client's own certificate, with those that vouch for it. */
  readonly certificateChain?: Buffer;
}

/** A connection that was lost is tried again this soon at least, whatever was tried before. */
const maxReconnectBackoffMs = 2_000;

/** A page of a list comes in one go; by default 64 kB do, and then the sender waits for a word from here. */
const flowControlWindowBytes = 1024 * 1024;

/**
 * Opens a channel to a service; it connects with the first call.
 *
 * @throws DispatchError `INVALID_ARGUMENT` when the address is wrong or a file that it names cannot be read.
 */
export function openChannel(address: string, tls: TlsOptions = {}): Channel {
  const parsed = parseServiceAddress(address);
  const options: ChannelOptions = {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': maxReconnectBackoffMs,
    'grpc-node.flow_control_window': flowControlWindowBytes,
    // Each attempt is the client's own, signed anew. Neither grpc-js nor what a name server says repeats a call: whether it
    // may be repeated, only the client knows.
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
  };
  if (parsed.keepAlive !== null) {
    // How long an attempt to connect may take; the name is that of other gRPC libraries.
    options['grpc.min_reconnect_backoff_ms'] = parsed.keepAlive.timeoutMs;
    options['grpc.keepalive_time_ms'] = parsed.keepAlive.intervalMs;
    options['grpc.keepalive_timeout_ms'] = parsed.keepAlive.timeoutMs;
    options['grpc.keepalive_permit_without_calls'] = 1;
  }
  return createChannel(`${parsed.host}:${parsed.port}`, credentialsOf(parsed, tls), options);
}

function credentialsOf({ tls }: ServiceAddress, options: TlsOptions): ChannelCredentials {
  if (tls === null) return ChannelCredentials.createInsecure();
  const { rootCertificatesPath, privateKeyPath, certificateChainPath } = tls;
  const privateKey = options.privateKey ?? read('ssl_private_key_path', privateKeyPath);
  const certificateChain = options.certificateChain ?? read('ssl_certificate_chain_path', certificateChainPath);
  if ((privateKey === null) !== (certificateChain === null)) {
    const message = 'a private key and a certificate chain must be given together';
    throw new DispatchError('INVALID_ARGUMENT', message, { field: 'tls' });
  }
  const rootCertificates = options.rootCertificates ?? read('ssl_root_certificates_path', rootCertificatesPath);
  try {
    // What holds no certificate would be taken for no trust in anybody.
    if (rootCertificates !== null) new X509Certificate(rootCertificates);
    return ChannelCredentials.createSsl(rootCertificates, privateKey, certificateChain);
  } catch (cause) {
    const message = `the certificates or the private key are no PEM, or do not belong together: ${reasonOf(cause)}`;
    throw new DispatchError('INVALID_ARGUMENT', message, { field: 'tls', cause });
  }
}

function read(field: string, path: string | undefined): Buffer | null {
  if (path === undefined) return null;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DispatchError('INVALID_ARGUMENT', `${field} cannot be read: ${reasonOf(cause)}`, { field, cause });
  }
}

function reasonOf(cause: unknown): string {
  return messageOf(cause);
}
