import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/embedding.md', import.meta.url), 'utf8');
const [, block = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? [];
const machine = block.slice(0, block.indexOf('const actor ='));
const folder = fileURLToPath(new URL('../../build/docs/', import.meta.url));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the machine of the page until its dispatches run, restores it from its snapshot, and returns what it prints from then on. */
function restored(name: string, dispatches: string): string[] {
  const world = `
import { memoryTransport, dispatchRecord, simulatedClock } from 'xstate-dispatch/testing';
const startMs = Date.parse('2026-03-02T09:00:00Z');
const minute = 60_000;
const charge = (id: number, endMinute: number, dryRun = false) =>
  dispatchRecord({ id, type: 'CHARGE', startTimeMs: startMs - minute, durationMs: (endMinute + 1) * minute, dryRun });
const clock = simulatedClock(startMs);
const transport = memoryTransport([${dispatches}]);
`;
  const play = `
const before = createActor(plant).start();
await clock.settle();
const snapshot = JSON.parse(JSON.stringify(before.getPersistedSnapshot()));
before.stop();
console.log('---');
const after = createActor(plant, { snapshot }).start();
await clock.settle();
for (const passed of [45, 90]) {
  await clock.advanceTo(startMs + passed * minute);
  console.log('after ' + passed);
}
after.stop();
`;
  expect(machine).toContain("address: 'grpc://localhost:50051?ssl=false'");
  mkdirSync(folder, { recursive: true });
  const program = `${folder}${name}.ts`;
  const embedded = machine.replace("address: 'grpc://localhost:50051?ssl=false'", 'transport, clock');
  writeFileSync(program, world + embedded + play);
  const output = execFileSync(process.execPath, ['--import', 'tsx', program], { encoding: 'utf8' });
  return output.split('---\n')[1]?.trimEnd().split('\n') ?? [];
}

it('the machine of the page stays on until the last of the runs that it resumed has ended', () => {
  expect(restored('two', 'charge(1, 30), charge(2, 60)')).toEqual([
    'charger on',
    'charger on',
    'after 45',
    'charger off',
    'after 90',
  ]);
});

it('the machine of the page commands nothing for a dry run that it resumed', () => {
  expect(restored('dry', 'charge(1, 30, true), charge(2, 60)')).toEqual([
    'dry run: running.resumed of dispatch 1',
    'charger on',
    'dry run: running.stopped of dispatch 1',
    'after 45',
    'charger off',
    'after 90',
  ]);
});
