import { type Command, Option } from 'commander';

import { dataFile } from './dataFile.js';
import { DEFAULT_LISTEN } from './globalOptions.js';
import { parseDuration } from './input/parseDuration.js';
import { parseNonEmpty } from './input/parseValue.js';
import { UsageError } from './input/usageError.js';
import { LOG_LEVELS, type LogLevel } from './output/stderrLogger.js';

/** The options of `serve`. */
export interface ServeOptions {
  readonly listen: string;
  readonly database: string;
  readonly keepChanges?: number;
  readonly keys?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
  readonly insecure?: true;
  readonly limit?: Readonly<Record<string, number>>;
  readonly metrics?: string;
  readonly logLevel: LogLevel;
  readonly drain?: number;
  readonly stopGrace?: number;
  readonly maxConnectionAge?: number;
}

/** Adds the options of `serve`, by what they are about, and what its help tells beside them. */
export function addServeOptions(command: Command): Command {
  return command
    .optionsGroup('Where it listens, and where dispatches are kept:')
    .option('--listen <host:port>', 'where to listen; port 0 takes a free one', DEFAULT_LISTEN)
    .option(
      '--database <database>',
      'where to keep dispatches: a file, postgres://user:password@host:port/name, or :memory:',
      dataFile('dispatches.db'),
    )
    .option(
      '--keep-changes <duration>',
      'how long to keep the log of changes, which streams are fed from (default: 7 days; 10 minutes in memory)',
      parseDuration,
    )
    .optionsGroup('Who may call:')
    .option('--keys <file>', 'API keys, their secrets and microgrids, in JSON (see below)', parseNonEmpty)
    .option('--tls-cert <file>', "the service's certificate with those that vouch for it, in PEM", parseNonEmpty)
    .option('--tls-key <file>', 'its private key, in PEM', parseNonEmpty)
    .option('--tls-client-ca <file>', 'demand a certificate of clients, vouched for by one of these', parseNonEmpty)
    .option('--insecure', 'allow to be reached from other machines without keys or TLS')
    .option('--limit <name=number>', 'set a limit, such as callsPerSecond=50; may be repeated (see below)', parseLimit)
    .optionsGroup('Watching it:')
    .addOption(
      new Option('--log-level <level>', 'what to log on stderr: calls that change something at info, others at debug')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .option(
      '--metrics <[host:]port>',
      'serve metrics for Prometheus at http://HOST:PORT/metrics; only on this machine unless a host is given',
    )
    .optionsGroup('Stopping, and load balancers:')
    .option(
      '--drain <duration>',
      'after the first SIGTERM, go on for so long with health NOT_SERVING (default: 0s)',
      parseDuration,
    )
    .option(
      '--stop-grace <duration>',
      'then end streams, and give calls under way so long to end (default: 5s)',
      parseDuration,
    )
    .option(
      '--max-connection-age <duration>',
      'end connections at this age, so that clients spread over services that were added (default: never)',
      parseDuration,
    )
    .addHelpText('after', HELP);
}

const HELP = `
A file of --keys; microgrids may be "all", and a key without a secret does not sign:
  { "keys": [{ "name": "partner-a", "key": "…", "secret": "…", "microgrids": [1, 2] }] }

Limits: calls=4000 and callsPerKey=1000 under way, callsPerSecond=1000 of a key, streamsPerKey=2000 open,
requestBytes=1048576.

Logs are lines of text in a terminal; elsewhere, and with --json, each line is a JSON object.

Examples:
  On this machine, with a file of its own:
  $ dispatch serve
  $ dispatch serve --database ./plant.db --keep-changes '30 days'

  For a test: any free port, nothing is kept, the address as JSON:
  $ dispatch serve --listen 127.0.0.1:0 --database :memory: --json

  For one caller, who has the key and the secret:
  $ DISPATCH_API_AUTH_KEY=… DISPATCH_API_SIGN_SECRET=… dispatch serve

  For partners, over TLS:
  $ dispatch serve --listen 0.0.0.0:50051 --keys keys.json --tls-cert service.crt --tls-key service.key

  One of several on a PostgreSQL database, behind a load balancer that asks for health every 5 seconds:
  $ dispatch serve --listen 0.0.0.0:50051 --keys keys.json --tls-cert service.crt --tls-key service.key \\
      --database postgres://dispatch@db.example/dispatch --metrics 9464 --drain 15s`;

function parseLimit(text: string, others: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const [, name, digits] = /^(\w+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined) throw new UsageError('It must be NAME=NUMBER, such as callsPerSecond=50.');
  return { ...others, [name]: Number(digits) };
}
