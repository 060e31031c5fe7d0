import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compiledFolder, compiledModule } from '../support/compiled.js';
import { startProcess } from '../support/program.js';
import { startCli } from '../support/startCli.js';

const hiding = ['--import', pathToFileURL(compiledModule('test/support/hideOpenTelemetry.ts')).href];

/** Runs a dispatcher and a client on a service, all in one process. */
const program = `
import { Dispatcher } from 'xstate-dispatch';
import { startTestService } from 'xstate-dispatch/testing';
const service = await startTestService();
for (const microgridId of [1, 2]) {
  const dispatcher = new Dispatcher({ microgridId, address: service.address });
  await dispatcher.start();
  await dispatcher.ready();
  const receiver = dispatcher.runningStatusChange.newReceiver();
  await dispatcher.client.create({ type: 'CHARGE', startTime: 'NOW', durationMs: null, selector: { ids: [5] } });
  const { type, change } = await receiver.receive();
  console.log(type, change.kind);
  await dispatcher.stop();
}
await service[Symbol.asyncDispose]();
`;
const run = (before: string[], after: string) =>
  startProcess([...before, '--input-type=module', '--eval', `${program}${after}`], {
    cwd: compiledFolder,
  }).ended;

describe('a program without OpenTelemetry', () => {
  it('runs as ever, and looks for it once', async () => {
    const { code, stdout, stderr } = await run(
      hiding,
      `
      console.log(missedPackages.join());`,
    );
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'CHARGE started\nCHARGE started\n@opentelemetry/api\n',
      stderr: '',
    });
  });

  it('that has only the API loads nothing else of it, and registers nothing', async () => {
    const { stdout, stderr } = await run(
      [],
      `
      const { createRequire } = await import('node:module');
      const loaded = Object.keys(createRequire(import.meta.url).cache).map(file => /@opentelemetry\\/[^/]+/.exec(file)?.[0]);
      console.log([...new Set(loaded)].filter(Boolean).join());
      console.log(globalThis[Symbol.for('opentelemetry.js.api.1')]);`,
    );
    expect({ stdout, stderr }).toEqual({
      stdout: 'CHARGE started\nCHARGE started\n@opentelemetry/api\nundefined\n',
      stderr: '',
    });
  });
});

it('follow --metrics says in one line what is missing', async () => {
  await using following = startCli(['follow', '1', '--metrics', '0'], { NODE_OPTIONS: hiding.join(' ') });
  expect(await following.ended).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^error: follow --metrics needs the package @opentelemetry\/[\w-]+, which is not installed: npm install \S+, or install without --omit=optional\n$/,
    ),
  });
});
