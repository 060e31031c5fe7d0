import { describe, expect, it } from 'vitest';
import { startCli } from '../../support/startCli.js';
import { createdIn, dispatch, dispatchJson, serviceEnv, useCommandService } from './commandService.js';

useCommandService();

describe.concurrent('watch', () => {
  it('prints each change, and ends well when interrupted', async () => {
    await using watching = startCli(['watch', '30', '--json'], serviceEnv());
    expect(await watching.line('stderr')).toBe('watching microgrid 30');
    const { id } = await createdIn(30, 'CHARGE', '1', 'in 1 hour');
    await dispatch('delete', '30', `${id}`);
    expect(JSON.parse(await watching.line())).toMatchObject({ event: 'created', dispatch: { id, deleted: false } });
    expect(JSON.parse(await watching.line())).toMatchObject({ event: 'deleted', dispatch: { id, deleted: true } });
    expect((await watching.stop('SIGINT')).code).toBe(0);
  });

  it('ends with 4 when the service goes', async () => {
    await using gone = startCli(['serve', '--listen', '127.0.0.1:0', '--database', ':memory:', '--json']);
    const { listening } = JSON.parse(await gone.line());
    await using watching = startCli(['--url', listening, 'watch', '30']);
    await watching.line('stderr');
    await gone.stop();
    const { code, stderr } = await watching.ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/\nerror: UNAVAILABLE: .*\n$/);
  });
});

describe.concurrent('follow', () => {
  it('prints one line of JSON a notification, of one type', async () => {
    await using following = startCli(['follow', '40', '--type', 'CHARGE', '--json'], serviceEnv());
    expect(await following.line('stderr')).toBe(`following microgrid 40 on ${serviceEnv().DISPATCH_API_URL}`);
    await createdIn(40, 'OTHER', '1', 'now', '1h');
    const { id, startTime } = await createdIn(40, 'CHARGE', '1', 'now', '1h');
    await dispatchJson('update', '40', `${id}`, '--duration', '2h');
    await dispatch('delete', '40', `${id}`);

    const startMs = Date.parse(startTime);
    const order = { selector: { ids: [1] }, payload: {}, dryRun: false };
    const common = { id, type: 'CHARGE', atMs: expect.any(Number), lateMs: expect.any(Number), ...order };
    const started = JSON.parse(await following.line());
    expect(started).toEqual({
      notification: 'running.started',
      ...common,
      cause: 'update',
      run: { startMs, endMs: startMs + 3_600_000 },
    });
    expect(Object.keys(started).join()).toBe('notification,id,type,atMs,lateMs,cause,run,selector,payload,dryRun');
    const run = { startMs, endMs: startMs + 7_200_000 };
    expect(JSON.parse(await following.line())).toEqual({
      notification: 'running.reconfigured',
      ...common,
      cause: 'update',
      run,
    });
    expect(JSON.parse(await following.line())).toEqual({
      notification: 'running.stopped',
      ...common,
      cause: 'delete',
      run,
    });
    const { code, stdout } = await following.stop('SIGTERM');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  it('runs a command a notification, and survives one that fails', async () => {
    const command = `cat; echo "$DISPATCH_NOTIFICATION $DISPATCH_ID $DISPATCH_PAYLOAD"; exit 3`;
    await using following = startCli(['follow', '41', '--lifecycle', '--exec', command], serviceEnv());
    await following.line('stderr');
    const { id } = await createdIn(41, 'CHARGE', '1', 'now', '1h', '-p', '{"kw":5}');
    for (const notification of ['lifecycle.created', 'running.started']) {
      expect(JSON.parse(await following.line('stderr'))).toMatchObject({ notification, id, type: 'CHARGE' });
      expect(await following.line('stderr')).toBe(`${notification} ${id} {"kw":5}`);
      expect(await following.line('stderr')).toBe(
        `the command ended with exit code 3 (${notification} of dispatch ${id})`,
      );
    }
    const { code, stdout } = await following.stop('SIGINT');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      / created +\d+ CHARGE .*\n.* started +\d+ CHARGE {2}by update, until .*components 1 {"kw":5}\n$/,
    );
  });

  it('runs no command for a dry run, unless it is told to, and says what it would run', async () => {
    const command = 'echo "$DISPATCH_NOTIFICATION $DISPATCH_DRY_RUN"';
    await using careful = startCli(['follow', '43', '--exec', command], serviceEnv());
    await using bold = startCli(['follow', '43', '--exec', command, '--dry-runs'], serviceEnv());
    await Promise.all([careful.line('stderr'), bold.line('stderr')]);
    const { id } = await createdIn(43, 'CHARGE', '1', 'now', '1h', '--dry-run', 'true');
    expect(await careful.line('stderr')).toBe(`dry run of dispatch ${id}: would run ${command} (running.started)`);
    expect(await bold.line('stderr')).toBe('running.started true');
    const [{ stdout }, { stderr }] = await Promise.all([careful.stop(), bold.stop()]);
    expect(stdout).toContain('dry run');
    expect(stderr).not.toContain('would run');
  });

  it('reports rejected credentials and keeps trying', async () => {
    await using following = startCli(['follow', '42', '--auth-key', 'a-wrong-key'], serviceEnv());
    expect(await following.line('stderr')).toMatch(/^problem: UNAUTHENTICATED: /);
    const { code, stderr } = await following.stop('SIGTERM');
    expect(code).toBe(0);
    expect(stderr).not.toContain('a-wrong-key');
  });
});
