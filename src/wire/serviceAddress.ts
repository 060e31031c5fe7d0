import { DispatchError } from '../model/dispatchError.js';

/** The address of a dispatch service and how to connect to it: the content of a `grpc://` address. */
export interface ServiceAddress {
  /** A host name or an IP address; IPv6 in brackets, so that `host:port` is always a valid gRPC target. */
  readonly host: string;
  readonly port: number;
  /** Null: without TLS. */
  readonly tls: TlsFiles | null;
  /** Null: no pings. */
  readonly keepAlive: KeepAlive | null;
}

/** Files in PEM format for TLS. */
export interface TlsFiles {
  /** Certificate authorities that the client trusts. @default those of gRPC */
  readonly rootCertificatesPath?: string;
  /** The client's private key; with {@link certificateChainPath}. @default no client certificate */
  readonly privateKeyPath?: string;
  /** The client's certificate; with {@link privateKeyPath}. @default no client certificate */
  readonly certificateChainPath?: string;
}

/** How the connection is tested by pings, also while there are no calls. */
export interface KeepAlive {
  /** Interval between pings. */
  readonly intervalMs: number;
  /** Time without an answer to a ping after which the connection counts as lost. */
  readonly timeoutMs: number;
}

const DEFAULT_PORT = 443;
const DEFAULT_KEEP_ALIVE: KeepAlive = { intervalMs: 60_000, timeoutMs: 20_000 };
/** Maximum wait of a Node.js timer; above it, it fires at once. */
const MAX_MS = 2 ** 31 - 1;

/** The URL parser has already checked what is in brackets; host names of schemes other than http it hardly checks. */
const HOST = /^(\[.+\]|[\w.-]+)$/;

const TLS_FILES = {
  rootCertificatesPath: 'ssl_root_certificates_path',
  privateKeyPath: 'ssl_private_key_path',
  certificateChainPath: 'ssl_certificate_chain_path',
} as const;

const KEEP_ALIVE_TIMES = {
  intervalMs: 'keep_alive_interval_s',
  timeoutMs: 'keep_alive_timeout_s',
} as const;

const PARAMETERS: readonly string[] = [
  'ssl',
  ...Object.values(TLS_FILES),
  'keep_alive',
  ...Object.values(KEEP_ALIVE_TIMES),
];

/**
 * Parses `grpc://host[:port][?parameter=value&…]`, the form that the Python clients of this protocol accept too.
 *
 * | parameter | default | |
 * |---|---|---|
 * | `ssl` | `true` | `true`, `1`, `on`, `false`, `0` or `off` in any case |
 * | `ssl_root_certificates_path`, `ssl_private_key_path`, `ssl_certificate_chain_path` | none | not with `ssl=false` |
 * | `keep_alive` | `true` | as `ssl` |
 * | `keep_alive_interval_s`, `keep_alive_timeout_s` | 60, 20 | seconds; not with `keep_alive=false` |
 *
 * The port is 443 by default. A parameter without a value counts as absent; of a repeated parameter the last value counts.
 *
 * @throws DispatchError INVALID_ARGUMENT whose `field` is the invalid part or parameter.
 */
export function parseServiceAddress(text: string): ServiceAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  // The text itself is not part of messages: it may hold a password.
  if (url === null) throw invalid('address', 'must look like grpc://host:50051?ssl=false, with a port up to 65535');
  if (url.protocol !== 'grpc:') throw invalid('scheme', 'must be grpc://');
  if (url.username !== '') throw invalid('user', 'is not allowed');
  if (url.password !== '') throw invalid('password', 'is not allowed');
  if (url.hostname === '') throw invalid('host', 'is missing');
  if (!HOST.test(url.hostname)) throw invalid('host', 'must be an IP address or a host name in ASCII');
  if (url.pathname !== '') throw invalid('path', 'is not allowed');
  if (url.hash !== '') throw invalid('fragment', 'is not allowed');
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  if (port === 0) throw invalid('port', 'must be from 1 to 65535, not 0');
  const parameters = readParameters(url.searchParams);
  return { host: url.hostname, port, tls: readTls(parameters), keepAlive: readKeepAlive(parameters) };
}

/** The inverse of {@link parseServiceAddress}. Defaults are left out, except for the port. */
export function formatServiceAddress({ host, port, tls, keepAlive }: ServiceAddress): string {
  const parameters = new URLSearchParams();
  if (tls === null) parameters.set('ssl', 'false');
  for (const [key, name] of entriesOf(TLS_FILES)) {
    const path = tls?.[key];
    if (path !== undefined) parameters.set(name, path);
  }
  if (keepAlive === null) parameters.set('keep_alive', 'false');
  for (const [key, name] of entriesOf(KEEP_ALIVE_TIMES)) {
    const ms = keepAlive?.[key] ?? DEFAULT_KEEP_ALIVE[key];
    if (ms !== DEFAULT_KEEP_ALIVE[key]) parameters.set(name, String(ms / 1000));
  }
  return `grpc://${host}:${port}${parameters.size > 0 ? `?${parameters}` : ''}`;
}

type Parameters = ReadonlyMap<string, string>;

function readParameters(given: URLSearchParams): Parameters {
  const parameters = new Map([...given].filter(([, value]) => value !== ''));
  for (const name of parameters.keys()) {
    if (!PARAMETERS.includes(name)) throw invalid(name, `is unknown; known parameters are ${PARAMETERS.join(', ')}`);
  }
  return parameters;
}

function readTls(parameters: Parameters): TlsFiles | null {
  const enabled = readBoolean(parameters, 'ssl');
  const files: { -readonly [Key in keyof TlsFiles]: TlsFiles[Key] } = {};
  for (const [key, name] of entriesOf(TLS_FILES)) {
    const path = parameters.get(name);
    if (path === undefined) continue;
    if (!enabled) throw invalid(name, 'is not allowed with ssl=false');
    files[key] = path;
  }
  return enabled ? files : null;
}

function readKeepAlive(parameters: Parameters): KeepAlive | null {
  const enabled = readBoolean(parameters, 'keep_alive');
  const times = { ...DEFAULT_KEEP_ALIVE };
  for (const [key, name] of entriesOf(KEEP_ALIVE_TIMES)) {
    const value = parameters.get(name);
    if (value === undefined) continue;
    if (!enabled) throw invalid(name, 'is not allowed with keep_alive=false');
    const ms = Math.round(Number(value) * 1000);
    if (!(ms >= 1 && ms <= MAX_MS)) throw invalid(name, `must be 0.001 to ${MAX_MS / 1000} seconds, not ${value}`);
    times[key] = ms;
  }
  return enabled ? times : null;
}

/** Both switches are on by default. */
function readBoolean(parameters: Parameters, name: 'ssl' | 'keep_alive'): boolean {
  const value = parameters.get(name)?.toLowerCase() ?? 'true';
  if (['true', '1', 'on'].includes(value)) return true;
  if (['false', '0', 'off'].includes(value)) return false;
  throw invalid(name, `must be true, 1, on, false, 0 or off, not ${value}`);
}

function entriesOf<Key extends string, Value>(object: { readonly [K in Key]: Value }): [Key, Value][] {
  return Object.entries(object) as [Key, Value][];
}

function invalid(field: string, problem: string): DispatchError {
  return new DispatchError('INVALID_ARGUMENT', `service address: ${field} ${problem}`, { field });
}
