import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../support/runCli.js';
import { startCli } from '../../support/startCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { expectRefusal } from './expectRefusal.js';

// It waits most of its time, so it goes first.
describe.concurrent('demo', () => {
  it('shows every kind of notification and leaves nothing running', async () => {
    const { code, stdout, stderr } = await startCli(['demo']).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    const notifications = [...stdout.matchAll(/^ {3}[\d:.]{12} {2}(\w+) +(\d+) \w+ {2}by (\w+)/gm)];
    expect(notifications.map(([, kind, id, cause]) => `${id} ${kind} by ${cause}`)).toEqual([
      '1 started by schedule',
      '1 stopped by schedule',
      '2 started by update',
      '2 reconfigured by update',
      '2 stopped by schedule',
      '3 started by update',
      '3 stopped by update',
      '4 started by update',
      '4 stopped by delete',
      '5 started by schedule',
      '5 stopped by schedule',
    ]);
    expect(stdout).toMatch(/every minute, 10 times; the next runs start at [\d:]{8} and [\d:]{8} UTC/);
  });
});

describe.concurrent('serve', () => {
  it('prints where it listens, and stops on SIGINT', async () => {
    await using open = startCli(['serve', '--listen', '127.0.0.1:0', '--database', ':memory:']);
    expect(await open.line()).toMatch(/^listening on grpc:\/\/127\.0\.0\.1:\d+\?ssl=false$/);
    const { code, stderr } = await open.stop('SIGINT');
    expect(code).toBe(0);
    expect(stderr).toContain('every caller is accepted');
  });

  it.runIf(process.platform === 'linux')(
    "keeps dispatches in a file among the user's data, named at the start",
    async () => {
      using folder = temporaryFolder();
      const data = { XDG_DATA_HOME: folder.path };
      const database = join(folder.path, 'xstate-dispatch', 'dispatches.db');
      const serve = ['serve', '--listen', '127.0.0.1:0', '--json'];
      {
        await using first = startCli(serve, data);
        const { listening, database: told } = JSON.parse(await first.line());
        expect(told).toBe(database);
        expect(JSON.parse(await first.line('stderr'))).toMatchObject({ msg: 'the service listens', database });
        const created = await runCli(['create', '1', 'KEPT', '1', 'now', '1h', '--url', listening]);
        expect(created.code).toBe(0);
        const refused = await runCli(serve, data);
        expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' });
        expect(JSON.parse(refused.stderr).error.message).toBe(`${database} is in use by another process`);
        expect((await first.stop()).code).toBe(0);
      }
      await using second = startCli(serve, data);
      const { listening } = JSON.parse(await second.line());
      const listed = await runCli(['list', '1', '--json', '--url', listening]);
      expect(JSON.parse(listed.stdout)).toMatchObject({ id: 1, type: 'KEPT' });
    },
  );

  it('tells in one line what is wrong with a database, and never a password', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'notes.txt');
    writeFileSync(file, 'these are only notes');
    const serve = (database: string) => runCli(['serve', '--listen', '127.0.0.1:0', '--database', database]);
    const postgres = await serve('postgres://user:the-password@127.0.0.1:1/dispatches');
    expectRefusal(
      await serve(file),
      1,
      `${file} is not an SQLite database, so it does not hold the dispatches of a service`,
    );
    expectRefusal(await serve(folder.path), 1, `cannot open ${folder.path}: it is a folder`);
    expectRefusal(postgres, 1, 'cannot use postgres://127.0.0.1:1/dispatches: connect ECONNREFUSED');
    expect(postgres.stderr).not.toContain('the-password');
  });
});
