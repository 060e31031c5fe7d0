import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ChannelCredentials } from '@grpc/grpc-js';
import { type Channel, type ChannelOptions, createChannel } from 'nice-grpc';
import { DispatchError, messageOf } from '../model/dispatchError.js';
import { isLoopback } from '../wire/loopback.js';
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

/** Maximum wait before a lost connection is opened again, however many attempts have failed; grpc-js varies it by a fifth. */
const maxReconnectBackoffMs = 1_000;

/** Minimum interval at which a name is looked up again while its addresses do not answer. */
const minTimeBetweenResolutionsMs = 500;

/** Largest message that is received: a page of a service that does not limit its pages may be large. */
const maxReceiveBytes = 16 * 1024 * 1024;

/** Flow-control window large enough for a page of a list; the default, 64 kB, would make the sender wait for updates. */
const flowControlWindowBytes = 1024 * 1024;

/** The environment variables that name a proxy, in the order in which grpc-js asks for them. */
const proxyVariables = ['grpc_proxy', 'https_proxy', 'http_proxy'];

/**
 * Creates a channel to a service; it connects on the first call.
 *
 * @param sharesConnections - whether it uses a connection that another channel of this process has to the same address.
 * @throws DispatchError `INVALID_ARGUMENT` when the address is wrong or a file that it names cannot be read.
 */
export function openChannel(
  address: string,
  tls: TlsOptions = {},
  { sharesConnections = true }: { readonly sharesConnections?: boolean } = {},
): Channel {
  const parsed = parseServiceAddress(address);
  const options: ChannelOptions = {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': maxReconnectBackoffMs,
    'grpc.dns_min_time_between_resolutions_ms': minTimeBetweenResolutionsMs,
    'grpc.max_receive_message_length': maxReceiveBytes,
    'grpc-node.flow_control_window': flowControlWindowBytes,
    // No proxy leads back to this computer.
    ...(isLoopback(parsed.host) && { 'grpc.enable_http_proxy': 0 }),
    ...(!sharesConnections && { 'grpc.use_local_subchannel_pool': 1 }),
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

/** The proxy through which a channel to an address connects, and the variable that names it; null: none. */
export function proxyOf(channel: Channel, address: string): string | null {
  const { host, port } = parseServiceAddress(address);
  const target = channel.getTarget().replace(/^dns:/, '');
  if (target === `${host}:${port}`) return null;
  const variable = proxyVariables.find(name => process.env[name]);
  return `the proxy ${target} of the environment variable ${variable}`;
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
