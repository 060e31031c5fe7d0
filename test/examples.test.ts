import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DispatchClient } from '../src/client/dispatchClient.js';
import type { MicrogridClient } from '../src/client/microgridClient.js';
import { type DispatchService, startDispatchService } from '../src/service/startDispatchService.js';

let service: DispatchService;
let client: DispatchClient;
let microgrid: MicrogridClient;
let example: Example | undefined;

interface Example {
  readonly process: ChildProcess;
  /** The next line that contains a text; fails when the program ends before. */
  line(part: string): Promise<string>;
}

function runExample(name: string): Example {
  const child = spawn(
    process.execPath,
    ['--conditions=xstate-dispatch-source', '--import', 'tsx', `examples/${name}.ts`],
    {
      env: { ...process.env, DISPATCH_API_URL: service.address },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (part: string) => {
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      if (next.value.includes(part)) return next.value;
    }
    throw new Error(`${name} ended without a line that contains '${part}'`);
  };
  example = { process: child, line };
  return example;
}

async function end(running: Example): Promise<number | null> {
  running.process.kill('SIGTERM');
  if (running.process.exitCode === null) await once(running.process, 'exit');
  return running.process.exitCode;
}

beforeEach(async () => {
  service = await startDispatchService();
  client = new DispatchClient({ address: service.address });
  microgrid = client.forMicrogrid(1);
});

afterEach(async () => {
  if (example !== undefined) await end(example);
  example = undefined;
  client.close();
  await service.stop();
});

const selector = { ids: [1] };

describe('the examples', () => {
  it('reactToRunningState starts, reconfigures and stops', async () => {
    const running = runExample('reactToRunningState');
    await running.line('waiting');
    await microgrid.create({ type: 'OTHER', startTime: 'NOW', selector });
    const { id } = await microgrid.create({ type: 'DEMO_TYPE', startTime: 'NOW', selector, payload: { kw: 5 } });
    expect(await running.line(`dispatch ${id}`)).toBe(`dispatch ${id} started: do { kw: 5 } on { ids: [ 1 ] }`);
    await microgrid.update(id, { payload: { kw: 7 } });
    expect(await running.line(`dispatch ${id}`)).toBe(`dispatch ${id} reconfigured: do { kw: 7 } on { ids: [ 1 ] }`);
    expect(await running.line('until')).toBe('  until further notice');
    await microgrid.update(id, { active: false });
    expect(await running.line(`dispatch ${id}`)).toBe(`dispatch ${id}: stop`);
    expect(await end(running)).toBe(0);
  });

  it('followLifecycle tells what becomes of dispatches', async () => {
    const { id } = await microgrid.create({ type: 'EARLY', startTime: 'NOW', selector });
    const running = runExample('followLifecycle');
    expect(await running.line('dispatch')).toContain('waiting');
    expect(await running.line('dispatch')).toBe(`dispatch ${id} of type EARLY was created`);
    await microgrid.update(id, { active: false });
    expect(await running.line('dispatch')).toBe(`dispatch ${id} of type EARLY was updated`);
    await microgrid.delete(id);
    expect(await running.line('dispatch')).toBe(`dispatch ${id} of type EARLY was deleted`);
    expect(await end(running)).toBe(0);
  });

  it('createThenModify plans, changes and takes back', async () => {
    const running = runExample('createThenModify');
    expect(await running.line('created')).toBe('created dispatch 1, which runs for 5 minutes');
    expect(await running.line('now')).toContain('now it runs for 10 minutes, last until 20');
    expect(await running.line('active')).toBe('active: 1 ECHO_FREQUENCY');
    expect(await running.line('deleted')).toBe('deleted dispatch 1');
    if (running.process.exitCode === null) await once(running.process, 'exit');
    expect(running.process.exitCode).toBe(0);
    await expect(microgrid.get(1)).rejects.toMatchObject({ code: 'NOT_FOUND', dispatchId: 1 });
  });
});
