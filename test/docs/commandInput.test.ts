import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { RunNotification } from '../../machines/dispatch/runNotification.js';
import { runForNotification } from '../../src/cli/exec/notificationCommand.js';
import { runCommands } from '../../src/cli/run/runCommands.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { at } from '../support/time.js';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const [, table = ''] = /^What the commands get.*\n\n\|.*\n\|.*\n((?:\|.*\n)+)/m.exec(page) ?? [];
const rows = table
  .trim()
  .split('\n')
  .map(row => row.split('|').map(cell => cell.trim()));

/** What a column of the table names in code. */
const named = (column: number, isIn: (cell: string) => boolean = () => true) =>
  rows
    .flatMap(cells => (isIn(cells[column] ?? '') ? [...(cells[column] ?? '').matchAll(/`([\w.]+)`/g)] : []))
    .map(([, name = '']) => name)
    .sort();

/** Writes the names of its variables and the first line of its stdin. */
const tell = (file: string) =>
  `read -r line; { env | grep -o '^DISPATCH_[A-Z_]*=' | grep -v ^DISPATCH_API; echo "$line"; } > ${file}.new; mv ${file}.new ${file}`;

function told(file: string): { variables: string[]; fields: string[] } {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const json = JSON.parse(lines.pop() ?? '');
  const { run, ...others } = json;
  const fields = [...Object.keys(others), ...Object.keys(run ?? {}).map(name => `run.${name}`)];
  return { variables: lines.map(line => line.slice(0, -1)).sort(), fields: fields.sort() };
}

it('a command of --exec gets what docs/operations.md says', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'told');
  const notification: RunNotification = {
    type: 'run.missed',
    cause: 'schedule',
    dispatch: dispatchRecord({}),
    run: { startMs: at('10:00'), endMs: null },
    atMs: at('10:00'),
    lateMs: 0,
    count: 1,
    more: false,
    firstMs: at('10:00'),
    lastMs: at('10:00'),
  };
  expect(await runForNotification(notification, { commandLine: tell(file), onLeftOut: () => {} })).toBe(null);
  expect(told(file)).toEqual({ variables: named(4, cell => !cell.includes('--run')), fields: named(3) });
});

it('a command of --run gets what docs/operations.md says', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'told');
  const running = dispatchRecord({ startTimeMs: at('08:30'), durationMs: hourMs });
  const { dispatcher } = await startDispatcher({ dispatches: [running] });
  const spans = { graceMs: 10_000, retryMs: 60_000 };
  const end = await runCommands(dispatcher, { commandLine: tell(file), dryRuns: false, ...spans, say: () => {} });
  const given = await vi.waitFor(() => told(file), { timeout: 20_000 });
  await end();
  expect(given).toEqual({ variables: named(4, cell => !cell.includes('--exec')), fields: named(2) });
});
