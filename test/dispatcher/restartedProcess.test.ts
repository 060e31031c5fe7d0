import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { compiledModule } from '../support/compiled.js';
import { startCli } from '../support/startCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

/** What the program prints: something that a device is told, or a state of the connection. */
interface Line {
  readonly type: string;
  readonly id?: number;
  /** When what was kept was at hand, and when this was said, in milliseconds since the start of the process. */
  readonly openedMs: number;
  readonly atMs: number;
}

function startProgram(...args: readonly string[]) {
  const program = compiledModule('test/support/restartedProgram.ts');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'close');
  };
  return {
    /** The lines up to the first of a type. */
    async until(type: string): Promise<Line[]> {
      const found: Line[] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`the program ended before ${type}`);
        found.push(JSON.parse(value));
        if (found.at(-1)?.type === type) return found;
      }
    },
    end,
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}

/** A service with three dispatches that run without end. */
async function serviceInRun(): Promise<AsyncDisposable & { service: DispatchService; ids: number[] }> {
  const service = await startDispatchService();
  await using client = new DispatchClient({ address: service.address });
  const ids: number[] = [];
  for (let i = 0; i < 3; i++) {
    const { id } = await client.create({
      microgridId: 1,
      type: 'A',
      startTime: 'NOW',
      durationMs: null,
      selector: { ids: [5] },
    });
    ids.push(id);
  }
  return { service, ids, [Symbol.asyncDispose]: () => service.stop() };
}

describe.concurrent.each(['SIGTERM', 'SIGKILL'] as const)('after %s inside a run', signal => {
  it.each(['Dispatcher', 'machine with a snapshot', 'machine with a store'])(
    'a %s tells the device what is on, before any answer of the network',
    async form => {
      await using world = await serviceInRun();
      const { service, ids } = world;
      using folder = temporaryFolder();
      const args = [form, join(folder.path, 'kept'), service.address];
      {
        await using first = startProgram(...args);
        const lines = await first.until('live');
        const started = lines.filter(({ type }) => type === 'running.started').map(({ id = 0 }) => id);
        expect(started.sort((a, b) => a - b)).toEqual(ids);
        // What is killed may lose what came in the last second.
        if (signal === 'SIGKILL') await new Promise(resolve => setTimeout(resolve, 1_300));
        await first.end(signal);
      }
      await using second = startProgram(...args);
      const lines = await second.until('live');
      const told = lines.filter(({ type }) => type.startsWith('running.'));
      expect(told.map(({ type, id }) => `${id} ${type}`)).toEqual(ids.map(id => `${id} running.resumed`));
      const types = lines.map(({ type }) => type);
      expect(types.lastIndexOf('running.resumed')).toBeLessThan(types.indexOf('catchingUp'));
      const last = told.at(-1);
      const { openedMs = 0, atMs = 0 } = last ?? {};
      console.log(
        `${form}, ${signal}: open after ${openedMs.toFixed(0)} ms, told ${(atMs - openedMs).toFixed(1)} ms later`,
      );
      await second.end('SIGTERM');
    },
  );

  it('follow --exec --store tells the device what is on, without any network', async () => {
    await using world = await serviceInRun();
    const { service, ids } = world;
    using folder = temporaryFolder();
    const command = 'echo "$DISPATCH_ID $DISPATCH_NOTIFICATION"';
    const args = ['follow', '1', '--store', join(folder.path, 'kept'), '--exec', command, '--url', service.address];
    const told = async (cli: ReturnType<typeof startCli>) => {
      const found: string[] = [];
      while (found.length < ids.length) {
        const line = await cli.line('stderr');
        if (/^\d+ running\./.test(line)) found.push(line);
      }
      return found.sort();
    };
    await using first = startCli(args);
    expect(await told(first)).toEqual(ids.map(id => `${id} running.started`));
    if (signal === 'SIGKILL') await new Promise(resolve => setTimeout(resolve, 1_300));
    await first.stop(signal);
    await service.stop();
    const startedMs = performance.now();
    await using second = startCli(args);
    expect(await told(second)).toEqual(ids.map(id => `${id} running.resumed`));
    console.log(
      `follow, ${signal}: told ${(performance.now() - startedMs).toFixed(0)} ms after the start of the process`,
    );
    await second.stop();
  });
});
