import type { Command } from 'commander';

import type { MicrogridClient } from '../client/microgridClient.js';
import { DispatchError } from '../model/dispatchError.js';
import { globalOptions } from './globalOptions.js';
import { UsageError } from './input/usageError.js';

/** Opens a client for a microgrid by the global options of a command, and closes it after the work. */
export async function withMicrogrid<T>(
  command: Command,
  microgridId: number,
  work: (client: MicrogridClient) => Promise<T>,
): Promise<T> {
  const { url, authKey, signSecret } = globalOptions(command);
  // gRPC takes long to load, and help needs none.
  const { DispatchClient } = await import('../client/dispatchClient.js');
  await using client = await withOptions(
    () =>
      new DispatchClient({
        address: url,
        authKey,
        signSecret,
        streamTimeoutMs: LONGEST_STREAM_MS,
        retry: { attempts },
      }),
  );
  try {
    return await work(client.forMicrogrid(microgridId));
  } catch (error) {
    throw error instanceof DispatchError && error.code === 'UNAVAILABLE' ? unreachable(error, url) : error;
  }
}

/** Makes something out of what the command line says; an option that it refuses is a usage error. */
export async function withOptions<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof DispatchError && error.code === 'INVALID_ARGUMENT') throw new UsageError(error.message);
    throw error;
  }
}

/** The longest wait that a timer of Node.js can hold: a person watches until they have seen enough. */
const LONGEST_STREAM_MS = 2 ** 31 - 1;

/** Over in less than a second: a person who waits wants to know soon that there is no service. */
const attempts = 3;

function unreachable(error: DispatchError, url: string): DispatchError {
  return new DispatchError('UNAVAILABLE', `${error.message} (service: ${url})`, { cause: error });
}
