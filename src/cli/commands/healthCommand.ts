import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';

import type { HealthStatus } from '../../client/checkHealth.js';
import { DispatchError } from '../../model/dispatchError.js';
import { parseDuration } from '../../planning/text/parseDuration.js';
import { CallError } from '../callError.js';
import { commandSignal } from '../commandSignal.js';
import { orInterrupted } from '../giveWay.js';
import { printsJson, serviceUrl } from '../globalOptions.js';
import { UsageError } from '../input/usageError.js';
import { OperationFailed } from '../operationFailed.js';
import { print, printJson } from '../output/print.js';
import { withOptions } from '../withMicrogrid.js';

const TIMEOUT_MS = 5_000;
const RETRY_MS = 200;

/** Adds `health`, which checks whether a service is serving. */
export function healthCommand(program: Command): void {
  program
    .command('health')
    .summary('check whether a service is serving')
    .description(
      'Check whether a service is serving, with a gRPC health check, which needs no key.\n\n' +
        'The exit code is 0 when it is, 1 when it is stopping or has lost its database, and 4 when it does not answer ' +
        'within five seconds.',
    )
    .option('--wait <duration>', 'maximum time to repeat the check until it succeeds, such as 30s', parseDuration)
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch health
  $ dispatch health --url 'grpc://plant.example:50051?ssl=true' --wait 30s`,
    )
    .action(health);
}

async function health({ wait = 0 }: { readonly wait?: number }, command: Command): Promise<void> {
  const [url, json] = [serviceUrl(command), printsJson(command)];
  const untilMs = performance.now() + wait;
  let outcome = await ask(url);
  while (outcome.status !== 'SERVING' && performance.now() < untilMs) {
    await pause(RETRY_MS, undefined, { signal: commandSignal() });
    outcome = await ask(url);
  }
  const { status, failure } = outcome;
  if (failure !== undefined) throw failure instanceof DispatchError ? new CallError(failure, url) : failure;
  if (json) printJson({ health: status, url });
  else print(`${status} ${url}`);
  if (status !== 'SERVING') throw new OperationFailed('UNAVAILABLE', 'The service is not serving.');
}

/** The health status of a service, or why there is none. */
async function ask(url: string): Promise<{ readonly status?: HealthStatus; readonly failure?: unknown }> {
  // gRPC takes long to load, and help needs none.
  const { checkHealth } = await import('../../client/checkHealth.js');
  try {
    return { status: await withOptions(() => orInterrupted(checkHealth(url, TIMEOUT_MS))) };
  } catch (failure) {
    if (failure instanceof UsageError || commandSignal()?.aborted) throw failure;
    return { failure };
  }
}
