import { type Command, Option } from 'commander';
import { parseDuration } from '../planning/text/parseDuration.js';
import { dataFile } from './dataFile.js';
import { DEFAULT_LISTEN } from './globalOptions.js';
import { parseSpan } from './input/parseSpan.js';
import { parseNonEmpty } from './input/parseValue.js';
import { UsageError } from './input/usageError.js';
import { LOG_LEVELS, type LogLevel } from './output/stderrLogger.js';

/** The longest span that the service takes, in days. */
const LONGEST_DAYS = 20;

/** Options of `serve`. */
export interface ServeOptions {
  readonly listen: string;
  readonly database: string;
  readonly databaseFile?: string;
  readonly databaseConnections?: Readonly<Record<string, number>>;
  readonly web?: string;
  readonly webOrigin?: readonly string[];
  readonly console?: true;
  readonly keepChanges?: number;
  readonly keepAudit?: number;
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
  readonly keepAlive?: number;
  readonly check?: true;
}

/** Adds the options of `serve`, in groups, and the rest of its help. */
export function addServeOptions(command: Command): Command {
  return command
    .optionsGroup('Address and database:')
    .option('--listen <host:port>', 'address to listen on; port 0 takes a free port', DEFAULT_LISTEN)
    .option(
      '--database <database>',
      'where to store dispatches: a file, postgres://user:password@host:port/name, or :memory:',
      dataFile('dispatches.db'),
    )
    .option(
      '--database-file <file>',
      'file that holds the address of the database, such as postgres://user:password@host/plant',
      parseNonEmpty,
    )
    .option(
      '--database-connections <name=number>',
      'maximum number of connections to PostgreSQL, such as reads=16 (default: reads=8, writes=4); may be repeated',
      parseNumbers('reads=16'),
    )
    .option(
      '--keep-changes <duration>',
      'how long to keep the log of changes, which feeds the streams (default: 7 days; 10 minutes in memory)',
      parseDuration,
    )
    .option(
      '--keep-audit <duration>',
      'how long to keep the audit, which tells who changed what (default: 400 days; 10 minutes in memory)',
      parseDuration,
    )
    .optionsGroup('HTTP:')
    .option(
      '--web <[host:]port>',
      'answer over HTTP as well, as gRPC-Web, Connect and JSON by POST; the default host is 127.0.0.1',
    )
    .option(
      '--web-origin <origin...>',
      'origins of pages that may call, such as https://console.example; also names by which a proxy publishes it',
    )
    .option('--console', 'serve the web console on the same port; people sign in with a key and its secret')
    .optionsGroup('Access:')
    .option('--keys <file>', 'JSON file with API keys, their secrets and microgrids (see below)', parseNonEmpty)
    .option(
      '--tls-cert <file>',
      "PEM file with the service's certificate and its intermediate certificates",
      parseNonEmpty,
    )
    .option('--tls-key <file>', 'PEM file with its private key', parseNonEmpty)
    .option(
      '--tls-client-ca <file>',
      'PEM file with CA certificates, such as clients.crt; require a client certificate signed by one of them',
      parseNonEmpty,
    )
    .option('--insecure', 'allow other machines to connect without keys or TLS')
    .option(
      '--limit <name=number>',
      'limit, such as callsPerSecond=50; may be repeated (see below)',
      parseNumbers('callsPerSecond=50'),
    )
    .optionsGroup('Logs and metrics:')
    .addOption(
      new Option('--log-level <level>', 'what to log on stderr; writes are logged at info, other calls at debug')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .option(
      '--metrics <[host:]port>',
      'serve Prometheus metrics at http://HOST:PORT/metrics; the default host is 127.0.0.1',
    )
    .optionsGroup('Shutdown and load balancers:')
    .option(
      '--drain <duration>',
      'how long to continue serving, with health NOT_SERVING, after the first SIGTERM (default: 0s)',
      parseSpan(0, LONGEST_DAYS),
    )
    .option(
      '--stop-grace <duration>',
      'how long to wait then for open calls, while streams end at once (default: 5s)',
      parseSpan(0, LONGEST_DAYS),
    )
    .option(
      '--max-connection-age <duration>',
      'close connections at this age, so that clients move to services that were added (default: never)',
      parseSpan(60_000, LONGEST_DAYS),
    )
    .option(
      '--keep-alive <duration>',
      'how often to ping silent connections, so that no proxy takes them for idle (default: 30s)',
      parseSpan(1_000, LONGEST_DAYS),
    )
    .optionsGroup('Before it starts:')
    .option(
      '--check',
      'print the settings and whether it could start with them, and start nothing; exit code 0, 1 or 2',
    )
    .addHelpText('after', HELP);
}

const HELP = `
The file of --keys; microgrids may be "all", and requests of a key without a secret are not signed:
  { "keys": [{ "name": "partner-a", "key": "…", "secret": "…", "microgrids": [1, 2], "access": "read" }] }
With "access": "read" a key cannot change anything; by default it can. With "audit": true it can read who changed what.

Limits and their defaults: calls=4000 (open reads; and as many writes), callsPerKey=1000 (open calls of a key), callsPerSecond=1000 (of a key),
streams=20000 (open streams), streamsPerKey=2000 (open streams of a key), unauthenticatedPerSecond=100 (of an address),
requestBytes=131072, webConnections=5000 (open connections over HTTP). readsPerKey=4 (gets and lists of a key that read the database at the same time, with a file 2): further ones wait.

What is not on the command line comes from the environment, as DISPATCH_SERVE_LISTEN or DISPATCH_SERVE_KEEP_CHANGES, or from the section "serve"
of the configuration file (--config), whose paths are relative to it. The key and the secret are DISPATCH_SERVE_AUTH_KEY_FILE and
DISPATCH_SERVE_SIGN_SECRET_FILE, or authKeyFile and signSecretFile there:
  { "serve": { "listen": "0.0.0.0:50051", "keepChanges": "30 days", "keys": "keys.json", "limit": { "callsPerSecond": 50 } } }

Logs are text in a terminal; elsewhere, and with --json, each line is a JSON object.

Examples:
  For this machine, stored in a file:
  $ dispatch serve
  $ dispatch serve --database ./plant.db --keep-changes '30 days'

  For a test: a free port, stored in memory, the address printed as JSON:
  $ dispatch serve --listen 127.0.0.1:0 --database :memory: --json

  Whether it could start with the settings of a file:
  $ dispatch serve --config /etc/dispatch/config.json --check

  For callers that have the key and the secret:
  $ DISPATCH_API_AUTH_KEY=… DISPATCH_API_SIGN_SECRET=… dispatch serve

  Over HTTP as well, for pages of another origin:
  $ dispatch serve --web 8080 --web-origin http://localhost:5173

  With the web console at http://127.0.0.1:8080:
  $ dispatch serve --web 8080 --console

  For partners with their own keys, over TLS:
  $ dispatch serve --listen 0.0.0.0:50051 --keys keys.json --tls-cert service.crt --tls-key service.key

  One of several on a PostgreSQL database, behind a load balancer that checks health every 5 seconds:
  $ dispatch serve --listen 0.0.0.0:50051 --keys keys.json --tls-cert service.crt --tls-key service.key \\
      --database postgres://dispatch@db.example/dispatch --metrics 9464 --drain 15s`;

/** Parses an option that names numbers and may be repeated. */
function parseNumbers(example: string) {
  return (text: string, others: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> => {
    const [, name, digits] = /^(\w+)=(\d+)$/.exec(text) ?? [];
    if (name === undefined) throw new UsageError(`It must be NAME=NUMBER, such as ${example}.`);
    return { ...others, [name]: Number(digits) };
  };
}
