import { isIPv4 } from 'node:net';

import { invalidOption } from '../domain/invalidOption.js';

/** Where to listen. */
export interface ListenAddress {
  /** As it was given. */
  readonly text: string;
  /** The name or number of the interface; an IPv6 address in brackets. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether only programs on this machine can reach it. */
  readonly loopback: boolean;
}

/**
 * Reads `HOST:PORT`, such as `127.0.0.1:50051`, `localhost:0` or `[::1]:50051`.
 *
 * @param field - the option that it is of, for messages.
 * @throws DispatchError INVALID_ARGUMENT when it is not of this form.
 */
export function listenAddress(text: string, field = 'listen'): ListenAddress {
  const [, host, digits] = /^(\[[\da-f:.]+\]|[^\s:/[\]]+):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535)) {
    throw invalidOption(field, `'${text}' is not HOST:PORT, such as 127.0.0.1:50051`);
  }
  return { text, host, port, loopback: isLoopback(host) };
}

function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}
