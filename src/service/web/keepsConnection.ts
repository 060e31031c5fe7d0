import type { IncomingMessage } from 'node:http';

/** Maximum size of a body that is read to its end, and thrown away, to keep the connection of a request that is refused. */
const MAX_BYTES = 1024 * 1024;

/** Whether the connection of a request that is refused can be kept, with little to read still. */
export function keepsConnection({ complete, headers }: IncomingMessage): boolean {
  if (complete) return true;
  return 'transfer-encoding' in headers ? false : Number(headers['content-length'] ?? 0) <= MAX_BYTES;
}
