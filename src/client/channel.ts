import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ChannelCredentials } from '@grpc/grpc-js';
import { type Channel, type ChannelOptions, createChannel } from 'nice-grpc';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import { parseServiceAddress, type ServiceAddress } from '../wire/serviceAddress.js';

/** Certificates in PEM format, instead of the files that the address names. */
export interface TlsOptions {
  /** Trusted certificate authorities. @default those of Node.js */
  readonly rootCertificates?: Buffer;
  /** The private key of the client's certificate. */
  readonly privateKey?: Buffer;
  /** The client's certificate and its chain. */
  readonly certificateChain?: Buffer;
}

/** Maximum wait before a lost connection is opened again, however many attempts have failed. */
const maxReconnectBackoffMs = 2_000;

/** Flow-control window large enough for a page of a list; the default, 64 kB, would make the sender wait for updates. */
const flowControlWindowBytes = 1024 * 1024;

/**
 * Creates a channel to a service; it connects on the first call.
 *
 * @throws DispatchError `INVALID_ARGUMENT` when the address is wrong or a file that it names cannot be read.
 */
export function openChannel(address: string, tls: TlsOptions = {}): Channel {
  const parsed = parseServiceAddress(address);
  const options: ChannelOptions = {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': maxReconnectBackoffMs,
    'grpc-node.flow_control_window': flowControlWindowBytes,
    // The client retries by itself, with a new signature. Neither grpc-js nor a service config from DNS may retry: only the
    // client knows which calls can be repeated.
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
  };
  if (parsed.keepAlive !== null) {
    // Timeout of an attempt to connect; the name is that of other gRPC libraries.
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
    // A file without a certificate would mean that no authority is trusted.
    if (rootCertificates !== null) new X509Certificate(rootCertificates);
    return ChannelCredentials.createSsl(rootCertificates, privateKey, certificateChain);
  } catch (cause) {
    const message = `the certificates or the private key are not valid PEM, or do not match: ${reasonOf(cause)}`;
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
