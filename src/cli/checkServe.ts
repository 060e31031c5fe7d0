import { printable } from '../planning/text/printable.js';
import { spanText } from '../planning/timeText.js';
import type { ServiceCheck } from '../service/checkDispatchService.js';
import type { DispatchServiceOptions } from '../service/startDispatchService.js';
import { isPostgres } from '../service/store/openStore.js';
import { ExitCode } from './exitCode.js';
import { pc } from './output/colours.js';
import { print, printJson } from './output/print.js';
import type { ServeSettings } from './serveSettings.js';
import { settingMessage } from './settingMessage.js';

/**
 * Prints with what settings `serve` would start, and whether it could.
 *
 * @throws UsageError when an option is wrong; ExitCode 2 when a file that an option names is, 1 when it could not start for another reason.
 */
export async function checkServe(
  { options, credentials, sources }: ServeSettings,
  service: DispatchServiceOptions,
  json: boolean,
): Promise<void> {
  const { checkDispatchService } = await import('../service/checkDispatchService.js');
  const checks = await checkDispatchService(service);
  const settings = Object.entries({
    ...options,
    check: undefined,
    access: accessText(options.keys, credentials.authKey),
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value: shown(name, value), source: sources.get(name) ?? null }));
  const problems = checks.filter(({ problem }) => problem !== null);
  if (json) {
    const results = checks.map(({ what, problem, warnings }) => ({
      check: what,
      problem: problem && { ...problem.toJSON(), message: settingMessage(problem, sources) },
      warnings,
    }));
    printJson({ settings, checks: results, canStart: problems.length === 0 });
  } else {
    for (const { name, value, source } of settings) print(settingText(name, value, source));
    for (const check of checks) print(checkText(check, sources));
  }
  if (problems.length > 0) throw new ExitCode(problems.some(isWrong) ? 2 : 1);
}

function isWrong({ problem }: ServiceCheck): boolean {
  return problem?.code === 'INVALID_ARGUMENT';
}

function accessText(keys: string | undefined, authKey: string | undefined): string {
  if (keys !== undefined) return `callers with a key of ${keys}`;
  return authKey === undefined ? 'every caller' : 'callers with the one key';
}

/** A setting without a password: those of PostgreSQL are in its address. */
function shown(name: string, value: unknown): unknown {
  if (name !== 'database' || typeof value !== 'string' || !isPostgres(value)) return value;
  return value.replace(/^(\w+:\/\/)(?:[^/@]*@)?([^?]*).*$/, '$1$2');
}

const DURATIONS = new Set(['keepChanges', 'keepAudit', 'drain', 'stopGrace', 'maxConnectionAge', 'keepAlive']);

function settingText(name: string, value: unknown, source: string | null): string {
  const label = name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
  const text =
    DURATIONS.has(name) && typeof value === 'number'
      ? spanText(value)
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  return `${pc.dim(label.padEnd(20))} ${printable(text)}${source === null ? '' : pc.dim(`  (${source})`)}`;
}

function checkText({ what, problem, warnings }: ServiceCheck, sources: ServeSettings['sources']): string {
  const outcome = problem === null ? pc.green('possible') : pc.red(printable(settingMessage(problem, sources)));
  return [`${what}: ${outcome}`, ...warnings.map(warning => pc.yellow(`warning: ${printable(warning)}`))].join('; ');
}
