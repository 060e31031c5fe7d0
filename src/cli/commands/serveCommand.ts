import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';

import type { ServiceTlsOptions } from '../../service/access/serverTls.js';
import { dataFile } from '../dataFile.js';
import { DEFAULT_LISTEN, globalOptions } from '../globalOptions.js';
import { parseDuration } from '../input/parseDuration.js';
import { parseNonEmpty } from '../input/parseValue.js';
import { UsageError } from '../input/usageError.js';
import { note, print, printJson } from '../output/print.js';
import { stderrLogger } from '../output/stderrLogger.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';
import { withOptions } from '../withMicrogrid.js';

interface ServeOptions {
  readonly listen: string;
  readonly database: string;
  readonly keepChanges?: number;
  readonly keys?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly insecure?: true;
  readonly limit?: Readonly<Record<string, number>>;
}

/** Adds `serve`: a dispatch service until it is interrupted. */
export function serveCommand(program: Command): void {
  program
    .command('serve')
    .summary('run a dispatch service')
    .description(
      'Run a dispatch service until SIGINT or SIGTERM.\n\n' +
        'Callers must bring one of the API keys of --keys, or the one --auth-key, and sign with its secret. ' +
        'Beyond this machine it listens only with keys and TLS. Without keys it accepts every caller. ' +
        'Keys and certificates are read again when they change, and on SIGHUP.\n\n' +
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
    .option('--keys <file>', 'API keys, their secrets and microgrids, in JSON (see below)', parseNonEmpty)
    .option('--tls-cert <file>', "the service's certificate with those that vouch for it, in PEM", parseNonEmpty)
    .option('--tls-key <file>', 'its private key, in PEM', parseNonEmpty)
    .option('--tls-client-ca <file>', 'demand a certificate of clients, vouched for by one of these', parseNonEmpty)
    .option('--insecure', 'allow to be reached from other machines without keys or TLS')
    .option('--limit <name=number>', 'set a limit, such as callsPerSecond=50; may be repeated (see below)', parseLimit)
    .addHelpText(
      'after',
      `
A file of --keys; microgrids may be "all", and a key without a secret does not sign:
  { "keys": [{ "name": "partner-a", "key": "…", "secret": "…", "microgrids": [1, 2] }] }

Limits: calls=4000 and callsPerKey=1000 under way, callsPerSecond=1000 of a key, streamsPerKey=2000 open,
requestBytes=1048576.

Examples:
  $ dispatch serve
  $ dispatch serve --listen 127.0.0.1:0 --database :memory: --json
  $ dispatch serve --database ./plant.db --keep-changes '30 days'
  $ dispatch serve --listen 0.0.0.0:50051 --keys keys.json --tls-cert service.crt --tls-key service.key
  $ DISPATCH_API_AUTH_KEY=… DISPATCH_API_SIGN_SECRET=… dispatch serve`,
    )
    .action(serve);
}

async function serve(options: ServeOptions, command: Command): Promise<void> {
  const { listen, database, keepChanges, keys, insecure, limit } = options;
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
      keys,
      tls: tlsFiles(options),
      insecure,
      limits: limit,
      logger: stderrLogger,
    }),
  );
  const reload = () => void service.reload();
  // Without files it ends the service as usual, when its terminal is closed.
  if (keys !== undefined || options.tlsCert !== undefined) process.on('SIGHUP', reload);
  note(keptWhere(service.database));
  if ((authKey ?? keys) === undefined) note('every caller is accepted, for there are no --keys and no --auth-key');
  if (json) printJson({ listening: service.address, port: service.port, database: service.database });
  else print(`listening on ${service.address}`);
  await aborted(interrupted);
  await service.stop();
  process.off('SIGHUP', reload);
}

function tlsFiles({ tlsCert, tlsKey, tlsClientCa }: ServeOptions): ServiceTlsOptions | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { certificate: tlsCert, key: tlsKey, clientCa: tlsClientCa };
  }
  if ((tlsCert ?? tlsKey ?? tlsClientCa) === undefined) return undefined;
  throw new UsageError('TLS needs both --tls-cert and --tls-key.');
}

function parseLimit(text: string, others: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const [, name, digits] = /^(\w+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined) throw new UsageError('It must be NAME=NUMBER, such as callsPerSecond=50.');
  return { ...others, [name]: Number(digits) };
}

function keptWhere(database: string): string {
  if (database === ':memory:') return 'dispatches are kept in memory only: they are gone when this service stops';
  return `dispatches are kept in ${database}`;
}
