import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeWith } from '../support/describeWith.js';
import { jsonLines, pageCommands } from '../support/pageCommands.js';
import { missingPostgres, startPostgres, type TestPostgres } from '../support/postgres.js';
import { missingProgram } from '../support/programs.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

// Some twenty commands, each a process of its own.
vi.setConfig({ testTimeout: 300_000 });

const page = pageCommands('operations.md');
const missing = missingPostgres() ?? missingProgram('bash', 'openssl', 'curl', 'sqlite3', 'pg_dump', 'pg_restore');

describeWith(missing, 'the commands of docs/operations.md', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('do what it says, one after the other', async () => {
    using folder = temporaryFolder();
    const env = { DATABASE: await postgres.createDatabase(), RESTORED: await postgres.createDatabase() };
    const outputs = await page.run(folder.path, env);
    const output = (command: string) => outputs[page.blocks.findIndex(block => block.includes(command))] ?? '';

    expect(output('dispatch serve')).toMatch(/^SERVING grpc:\/\/localhost:\d+\S+$/m);
    const notifications = jsonLines(output('cat notifications.jsonl'));
    expect(notifications).toMatchObject([
      { notification: 'running.started', id: 1, type: 'CHARGE' },
      { notification: 'running.stopped', id: 1, type: 'CHARGE' },
    ]);
    expect(jsonLines(output('curl'))).toMatchObject([{ key: 'planner', status: 'OK', microgrid: 1, dispatch: 1 }]);
    expect(output('curl')).toContain(
      'dispatch_calls_total{method="CreateMicrogridDispatch",status="OK",key="planner"} 1',
    );
    expect(
      jsonLines(output('pg_restore'))
        .map(({ id }) => id)
        .sort(),
    ).toEqual([1, 2]);
    expect(jsonLines(output('VACUUM')).map(({ id }) => id)).toEqual([1]);
    for (const log of ['one.log', 'two.log', 'site.log', 'plant.log']) {
      const text = readFileSync(join(folder.path, log), 'utf8');
      expect(text).not.toMatch(/"level":"(warn|error)"/);
      for (const secret of secretsIn(folder.path)) expect(text).not.toContain(secret);
    }
  });
});

function secretsIn(folder: string): string[] {
  const { keys } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as {
    keys: { readonly key: string; readonly secret: string }[];
  };
  return keys.flatMap(({ key, secret }) => [key, secret]);
}
