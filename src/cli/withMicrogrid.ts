import type { Command } from 'commander';

import type { DispatchClient } from '../client/dispatchClient.js';
import type { MicrogridClient } from '../client/microgridClient.js';
import { DispatchError } from '../model/dispatchError.js';
import { PlanError } from '../planning/planError.js';
import type { ServiceAccess } from './access/serviceAccess.js';
import { CallError } from './callError.js';
import { commandSignal } from './commandSignal.js';
import { readServiceAccess } from './globalOptions.js';
import { UsageError } from './input/usageError.js';
import { OperationFailed } from './operationFailed.js';
import { startProgress } from './output/progress.js';

/** Opens a client for a microgrid with the global options of a command, calls `work` and closes the client. */
export function withMicrogrid<T>(
  command: Command,
  microgridId: number,
  work: (client: MicrogridClient) => Promise<T>,
): Promise<T> {
  return withClient(command, client => work(client.forMicrogrid(microgridId)));
}

/** Opens a client with the global options of a command, calls `work` and closes the client. */
export async function withClient<T>(command: Command, work: (client: DispatchClient) => Promise<T>): Promise<T> {
  const access = await readServiceAccess(command);
  await using client = await openClient(access);
  using _progress = startProgress(`waiting for ${access.url}`);
  const signal = commandSignal();
  const close = () => client.close();
  signal?.addEventListener('abort', close);
  try {
    return await work(client);
  } catch (error) {
    const isOfCommand = error instanceof OperationFailed || error instanceof PlanError;
    throw error instanceof DispatchError && !isOfCommand ? new CallError(error, access.url) : error;
  } finally {
    signal?.removeEventListener('abort', close);
  }
}

/** Opens a client. @throws UsageError when the address is invalid. */
export async function openClient({ url, ...credentials }: ServiceAccess): Promise<DispatchClient> {
  // gRPC is slow to load, and help does not need it.
  const { DispatchClient } = await import('../client/dispatchClient.js');
  return withOptions(
    () =>
      new DispatchClient({
        address: url,
        ...credentials,
        streamTimeoutMs: LONGEST_STREAM_MS,
        retry: { attempts },
      }),
  );
}

/**
 * Calls `make` with values of the command line; an INVALID_ARGUMENT is a usage error.
 *
 * @param messageFor The message of that. @default that of the error
 */
export async function withOptions<T>(
  make: () => T | Promise<T>,
  messageFor: (error: DispatchError) => string = ({ message }) => message,
): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof DispatchError && error.code === 'INVALID_ARGUMENT') throw new UsageError(messageFor(error));
    throw error;
  }
}

/** The longest timer of Node.js: a person watches as long as they want. */
const LONGEST_STREAM_MS = 2 ** 31 - 1;

/** Takes less than a second: a person wants to know soon that there is no service. */
const attempts = 3;
