import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';

import { dataFile } from '../dataFile.js';
import { DEFAULT_LISTEN, globalOptions } from '../globalOptions.js';
import { parseDuration } from '../input/parseDuration.js';
import { note, print, printJson } from '../output/print.js';
import { stderrLogger } from '../output/stderrLogger.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';
import { withOptions } from '../withMicrogrid.js';

interface ServeOptions {
  readonly listen: string;
  readonly database: string;
  readonly keepChanges?: number;
}

/** Adds `serve`: a dispatch service until it is interrupted. */
export function serveCommand(program: Command): void {
  program
    .command('serve')
    .summary('run a dispatch service')
    .description(
      'Run a dispatch service until SIGINT or SIGTERM.\n\n' +
        'Callers must bring the --auth-key, and sign with the --sign-secret, that it is started with. ' +
        'Without a key it accepts every caller, but listens on this machine only.\n\n' +
        'Dispatches are kept in a file, which is made where there is none, or in a PostgreSQL database, which several ' +
        'services may share. They stay until they are deleted.',
    )
    .option('--listen <host:port>', 'where to listen; port 0 takes a free one', DEFAULT_LISTEN)
    .option(
      '--database <database>',
      'where to keep dispatches: a file, postgres://user:password@host:port/name, or :memory:',
      dataFile('dispatches.db'),
    )
    .option(
      '--keep-changes <duration>',
      'how long to keep the log of changes (default: 7 days; 10 minutes in memory)',
      parseDuration,
    )
    .addHelpText(
      'after',
      `
Examples:
  $ dispatch serve
  $ dispatch serve --listen 127.0.0.1:0 --database :memory: --json
  $ dispatch serve --database ./plant.db --keep-changes '30 days'
  $ DISPATCH_API_AUTH_KEY=… DISPATCH_API_SIGN_SECRET=… dispatch serve --listen 0.0.0.0:50051`,
    )
    .action(serve);
}

async function serve({ listen, database, keepChanges }: ServeOptions, command: Command): Promise<void> {
  const { authKey, signSecret, json } = globalOptions(command);
  using interrupted = untilInterrupted();
  if (command.getOptionValueSource('database') === 'default') await mkdir(dirname(database), { recursive: true });
  const { startDispatchService } = await import('../../service/startDispatchService.js');
  const service = await withOptions(() =>
    startDispatchService({
      listen,
      database,
      keepChangesMs: keepChanges,
      authKey,
      signSecret,
      logger: stderrLogger,
    }),
  );
  note(keptWhere(service.database));
  if (authKey === undefined) note('every program on this machine is accepted, for there is no --auth-key');
  if (json) printJson({ listening: service.address, port: service.port, database: service.database });
  else print(`listening on ${service.address}`);
  await aborted(interrupted);
  await service.stop();
}

function keptWhere(database: string): string {
  if (database === ':memory:') return 'dispatches are kept in memory only: they are gone when this service stops';
  return `dispatches are kept in ${database}`;
}
