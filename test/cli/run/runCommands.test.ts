import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { runCommands } from '../../../src/cli/run/runCommands.js';
import { dispatchRecord, hourMs } from '../../support/dispatchRecord.js';
import { startDispatcher } from '../../support/startDispatcher.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { at } from '../../support/time.js';

it('the commands of a dispatcher that stops by itself are told to end, and waited for', async () => {
  using folder = temporaryFolder();
  const log = join(folder.path, 'log');
  const running = dispatchRecord({ startTimeMs: at('08:30'), durationMs: hourMs });
  const { dispatcher } = await startDispatcher({ dispatches: [running] });
  const end = await runCommands(dispatcher, {
    commandLine: `trap 'sleep 0.3; echo off >> ${log}; exit' TERM; echo on >> ${log}; while :; do sleep 0.1; done`,
    dryRuns: false,
    graceMs: 10_000,
    retryMs: 60_000,
    say: () => {},
  });
  const lines = () => readFileSync(log, { encoding: 'utf8', flag: 'a+' }).trim().split('\n');
  await vi.waitFor(() => expect(lines()).toEqual(['on']), { timeout: 20_000 });
  dispatcher.actor.stop();
  await end();
  expect(lines()).toEqual(['on', 'off']);
});

it.runIf(process.platform === 'linux')(
  'a command runs though its payload does not fit into its environment',
  async () => {
    const running = dispatchRecord({
      startTimeMs: at('08:30'),
      durationMs: hourMs,
      payload: { text: 'x'.repeat(200_000) },
    });
    const { dispatcher } = await startDispatcher({ dispatches: [running] });
    const said: string[] = [];
    const end = await runCommands(dispatcher, {
      commandLine: `read -r order; echo "$DISPATCH_ID <$DISPATCH_PAYLOAD> \${#order}"`,
      dryRuns: false,
      graceMs: 10_000,
      retryMs: 60_000,
      say: line => said.push(line),
    });
    await vi.waitFor(() => expect(said).toHaveLength(2), { timeout: 20_000 });
    await end();
    expect(said).toEqual([
      'dispatch 1: DISPATCH_PAYLOAD does not fit into the environment of its command, which has it on its stdin only',
      expect.stringMatching(/^\[1\] 1 <> 200\d\d\d$/),
    ]);
  },
);
