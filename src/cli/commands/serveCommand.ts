import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';

import type { Logger } from '../../logger.js';
import type { DispatchError } from '../../model/dispatchError.js';
import { loadOptional } from '../../model/loadOptional.js';
import type { ServiceTlsOptions } from '../../service/access/serverTls.js';
import type { DispatchServiceOptions } from '../../service/startDispatchService.js';
import { readSecretFile } from '../access/secretFile.js';
import { checkServe } from '../checkServe.js';
import { commandSignal } from '../commandSignal.js';
import { printsJson } from '../globalOptions.js';
import { UsageError } from '../input/usageError.js';
import { goOnWithoutOutput, onOutputFailure } from '../output/outputFailure.js';
import { print, printJson } from '../output/print.js';
import { type LogLevel, stderrLogger } from '../output/stderrLogger.js';
import { addServeOptions, type ServeOptions } from '../serveOptions.js';
import { type ServeSettings, serveSettings } from '../serveSettings.js';
import { settingMessage } from '../settingMessage.js';
import { aborted, untilInterrupted } from '../untilInterrupted.js';
import { withOptions } from '../withMicrogrid.js';

/** Adds `serve`, which runs a dispatch service until it is interrupted. */
export function serveCommand(program: Command): void {
  const command = program
    .command('serve')
    .summary('run a dispatch service')
    .description(
      'Run a dispatch service until SIGINT or SIGTERM. A second signal stops it at once.\n\n' +
        'Callers need an API key, one of --keys or --auth-key, and sign requests with its secret. Without keys, every ' +
        'caller is accepted. Keys and TLS are required to listen on other addresses than loopback. ' +
        'Files of keys and certificates are reloaded when they change, and on SIGHUP.\n\n' +
        'Dispatches are stored in a file, which is created if it does not exist, or in a PostgreSQL database, which several ' +
        'services may share. They are kept until they are deleted.\n\n' +
        'It also serves gRPC health checks, which need no key (see `dispatch health`), and gRPC reflection.',
    );
  addServeOptions(command).action(serve);
}

async function serve(_: ServeOptions, command: Command): Promise<void> {
  const settings = serveSettings(command, process.env);
  const { options, credentials } = settings;
  const json = printsJson(command);
  const { keys } = options;
  const { authKey } = credentials;
  if (keys !== undefined && authKey !== undefined) {
    const both = '--auth-key (DISPATCH_API_AUTH_KEY) or --sign-secret (DISPATCH_API_SIGN_SECRET)';
    throw new UsageError(`--keys cannot be used together with ${both}, which may be set in the environment.`);
  }
  const database = databaseOf(settings);
  const asked = { ...serviceOptions(options), ...credentials, database };
  const messageFor = (error: DispatchError) => settingMessage(error, settings.sources);
  const isDefaultFile = !settings.sources.has('database') && !settings.sources.has('databaseFile');
  if (options.check) {
    // The folder of the default file is made at the start.
    const isNew = isDefaultFile && !existsSync(dirname(database));
    const service = isNew ? { ...asked, database: ':memory:' } : asked;
    return await withOptions(() => checkServe(settings, service, json), messageFor);
  }
  using _output = onOutputFailure(goOnWithoutOutput);
  const logger = await serviceLogger(options.logLevel, json);
  using interrupted = untilInterrupted();
  if (isDefaultFile) await mkdir(dirname(database), { recursive: true });
  const { startDispatchService } = await import('../../service/startDispatchService.js');
  const start = () => startDispatchService({ ...asked, logger, signal: interrupted });
  const service = await withOptions(start, messageFor).catch(error => {
    if (error === interrupted.reason) return null;
    throw error;
  });
  if (service === null) return;
  const reload = () => void service.reload();
  // Without files to reload, SIGHUP ends the service as usual, when its terminal is closed.
  if (keys !== undefined || options.tlsCert !== undefined) process.on('SIGHUP', reload);
  if (database === ':memory:') {
    logger.warn({}, 'dispatches are stored in memory only and are lost when the service stops');
  }
  if ((authKey ?? keys) === undefined) {
    logger.warn({}, 'every caller is accepted: neither --keys nor --auth-key is set');
  }
  const { address, port, metricsUrl, webUrl } = service;
  if (json) printJson({ listening: address, port, database: service.database, metrics: metricsUrl, web: webUrl });
  else {
    print(`listening on ${address}`);
    if (webUrl !== undefined) print(`listening on ${webUrl}`);
  }
  await aborted(interrupted);
  using again = untilInterrupted();
  again.addEventListener('abort', () => void service.stop({ now: true }), { once: true });
  await service.stop();
  process.off('SIGHUP', reload);
  // A connection accepted at the last moment would keep the process alive as long as its peer wants.
  if (commandSignal() === undefined) process.exit();
}

function serviceOptions(options: ServeOptions): DispatchServiceOptions {
  return {
    listen: options.listen,
    databaseConnections: options.databaseConnections,
    keepChangesMs: options.keepChanges,
    keepAuditMs: options.keepAudit,
    keys: options.keys,
    tls: tlsFiles(options),
    insecure: options.insecure,
    limits: options.limit,
    metrics: options.metrics,
    web: webOptions(options),
    drainMs: options.drain,
    stopGraceMs: options.stopGrace,
    maxConnectionAgeMs: options.maxConnectionAge,
    keepAliveMs: options.keepAlive,
  };
}

function webOptions({ web, webOrigin, console }: ServeOptions): DispatchServiceOptions['web'] {
  if (web !== undefined) return { listen: web, origins: webOrigin, console };
  if ((webOrigin ?? console) === undefined) return undefined;
  throw new UsageError(`${console ? '--console' : '--web-origin'} needs --web.`);
}

function databaseOf({ options: { database, databaseFile }, sources }: ServeSettings): string {
  if (databaseFile === undefined) return database;
  return readSecretFile(databaseFile, sources.get('databaseFile') ?? '--database-file');
}

/** Lines of text in a terminal, JSON elsewhere, for log collectors. */
async function serviceLogger(level: LogLevel, json: boolean): Promise<Logger> {
  if (!json && process.stderr.isTTY) return stderrLogger(level);
  const { jsonLogger } = await loadOptional('the log of a service', () => import('../output/jsonLogger.js'));
  return jsonLogger(level);
}

function tlsFiles({ tlsCert, tlsKey, tlsClientCa }: ServeOptions): ServiceTlsOptions | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { certificate: tlsCert, key: tlsKey, clientCa: tlsClientCa };
  }
  if ((tlsCert ?? tlsKey ?? tlsClientCa) === undefined) return undefined;
  throw new UsageError('TLS needs both --tls-cert and --tls-key.');
}
