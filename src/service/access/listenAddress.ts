import { isLoopback } from '../../wire/loopback.js';
import { invalidOption } from '../domain/invalidOption.js';

/** An address to listen on. */
export interface ListenAddress {
  /** The address as it was given. */
  readonly text: string;
  /** Host name or IP address; IPv6 in brackets. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Whether only programs on this machine can reach it. */
  readonly loopback: boolean;
}

const MAX_PORT = 65_535;

/**
 * Parses `HOST:PORT`, such as `127.0.0.1:50051`, `localhost:0` or `[::1]:50051`.
 *
 * @param field - the option, for messages.
 * @throws DispatchError INVALID_ARGUMENT when it has another form.
 */
export function listenAddress(text: string, field = 'listen'): ListenAddress {
  const [, host, digits] = /^(\[[\da-f:.]+\]|[^\s:/[\]]+):(\d+)$/i.exec(text) ?? [];
  if (host === undefined) throw invalidOption(field, `'${text}' is not HOST:PORT, such as 127.0.0.1:50051`);
  const port = Number(digits);
  if (port > MAX_PORT) throw invalidOption(field, `the port must be 0 to ${MAX_PORT}, not ${digits}`);
  return { text, host, port, loopback: isLoopback(host) };
}

/**
 * Parses `PORT` or `HOST:PORT`; the default host is 127.0.0.1.
 *
 * @param field - the option, for messages.
 * @throws DispatchError INVALID_ARGUMENT when it has another form.
 */
export function portAddress(text: string, field: string): ListenAddress {
  return listenAddress(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text, field);
}
