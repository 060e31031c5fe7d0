import type { Command } from 'commander';

import { DEFAULT_LISTEN, globalOptions } from '../globalOptions.js';
import { note, print, printJson } from '../output/print.js';
import { stderrLogger } from '../output/stderrLogger.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';
import { withOptions } from '../withMicrogrid.js';

interface ServeOptions {
  readonly listen: string;
  readonly database: string;
}

/** Adds `serve`: a dispatch service until it is interrupted. */
export function serveCommand(program: Command): void {
  program
    .command('serve')
    .summary('run a dispatch service')
    .description(
      'Run a dispatch service until SIGINT or SIGTERM.\n\n' +
        'Callers must bring the --auth-key, and sign with the --sign-secret, that it is started with. ' +
        'Without a key it accepts every caller, but listens on this machine only. ' +
        'This version keeps dispatches in memory: they are gone when it stops.',
    )
    .option('--listen <host:port>', 'where to listen; port 0 takes a free one', DEFAULT_LISTEN)
    .option('--database <database>', 'where to keep dispatches; this version knows :memory: only', ':memory:')
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch serve
  $ dispatch serve --listen 127.0.0.1:0 --json
  $ DISPATCH_API_AUTH_KEY=… DISPATCH_API_SIGN_SECRET=… dispatch serve --listen 0.0.0.0:50051`,
    )
    .action(serve);
}

async function serve({ listen, database }: ServeOptions, command: Command): Promise<void> {
  const { authKey, signSecret, json } = globalOptions(command);
  using interrupted = untilInterrupted();
  const { startDispatchService } = await import('../../service/startDispatchService.js');
  const service = await withOptions(() =>
    startDispatchService({ listen, database, authKey, signSecret, logger: stderrLogger }),
  );
  note('dispatches are kept in memory only: they are gone when this service stops');
  if (authKey === undefined) note('every program on this machine is accepted, for there is no --auth-key');
  if (json) printJson({ listening: service.address, port: service.port });
  else print(`listening on ${service.address}`);
  await aborted(interrupted);
  await service.stop();
}
