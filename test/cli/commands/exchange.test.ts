import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Status } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import { ListMicrogridDispatchesResponse } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { encodeDispatch } from '../../../src/wire/dispatchCodec.js';
import { dispatchRecord } from '../../support/dispatchRecord.js';
import { runCli } from '../../support/runCli.js';
import { failing, scriptedService } from '../../support/scriptedService.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { createdIn, dispatch, dispatchJson, serviceEnv, useCommandService } from './commandService.js';

useCommandService();

/** What a planner gives of the dispatches of a microgrid, in the order of their creation. */
const plansIn = async (microgridId: number) =>
  (await dispatchJson('export', `${microgridId}`)).map(
    ({ id, microgridId, createTime, updateTime, endTime, ...plan }) => plan,
  );

async function fileOf(lines: readonly string[], work: (file: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const file = join(folder.path, 'plan');
  writeFileSync(file, lines.map(line => `${line}\n`).join(''));
  await work(file);
}

const createAll = async (microgridId: number) => {
  const rule = ['-f', 'weekly', '--by-weekday', 'mon,fri', '--until', '2031-01-01'];
  await createdIn(microgridId, 'CHARGE', 'BATTERY', '2030-01-01T08:00', '30m', ...rule, '-p', '{"kw": 5, "on": "a;b"}');
  await createdIn(microgridId, 'HOLD', '1,2', '2030-01-02', '--active', 'false', '--dry-run', 'true');
  await createdIn(microgridId, 'A, B; C', 'EV_CHARGER:HYBRID', '2030-01-02T08:00:01', '0');
};

describe.concurrent('export and import', () => {
  it('carry a plan to another microgrid as lines of JSON, once', async () => {
    await createAll(60);
    await fileOf(await dispatch('export', '60'), async file => {
      const { code, stdout } = await runCli(['import', '61', file, '--note', 'moved'], serviceEnv());
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^create {3}line 1: CHARGE · from 2030-01-01 .*\n.*\n.*\n3 to create, 0 present, 0 over, 0 refused\.\nDispatches created: \d+[-,\d ]*\n$/,
      );
      expect(await plansIn(61)).toEqual(await plansIn(60));
      expect((await dispatchJson('audit', '61')).map(({ note }) => note)).toEqual(['moved', 'moved', 'moved']);
      const again = await dispatch('import', '61', file);
      expect(again.slice(-2)).toEqual(['0 to create, 3 present, 0 over, 0 refused.', 'Nothing was created.']);
      expect(await plansIn(61)).toHaveLength(3);
    });
  });

  it('carry a plan as a calendar', async () => {
    await createAll(62);
    await fileOf(await dispatch('export', '62', '--format', 'ical'), async file => {
      expect((await dispatchJson('import', '63', file)).map(line => Object.keys(line)[0])).toEqual([
        ...['source', 'source', 'source', 'created', 'created', 'created'],
      ]);
      const first = { ...(await plansIn(62))[0], startTime: '2030-01-04T08:00:00.000Z' };
      // Thursday is no run: the event begins on the first one.
      expect(await plansIn(63)).toEqual([first, ...(await plansIn(62)).slice(1)]);
    });
  });

  it('print what passes the filters', async () => {
    await createAll(64);
    expect(await dispatchJson('export', '64', '--type', 'HOLD')).toMatchObject([{ type: 'HOLD' }]);
    expect(await dispatchJson('export', '64', '--active', 'true', '--recurring', 'true')).toMatchObject([
      { type: 'CHARGE' },
    ]);
    expect((await runCli(['export', '64', '--format', 'ical', '--json'], serviceEnv())).code).toBe(2);
  });

  it('name what a calendar cannot express, and export the others', async () => {
    const { id } = await createdIn(65, 'CHARGE', '1', '2030-01-01', '-f', 'daily');
    await createdIn(65, 'CHARGE', '1', '2030-01-01', '1h');
    const { code, stdout, stderr } = await runCli(['export', '65', '--format', 'ical'], serviceEnv());
    expect(code).toBe(1);
    expect(stdout.match(/BEGIN:VEVENT/g)).toHaveLength(1);
    expect(stderr).toContain(`problem: dispatch ${id} cannot be an event: RRULE: without a duration`);
  });
});

describe.concurrent('import', () => {
  const line = (fields: object) =>
    JSON.stringify({ type: 'CHARGE', startTime: '2030-01-01T00:00:00Z', selector: { ids: [1] }, ...fields });

  it('name the group of which the file lacks a dispatch, and what is missing', async () => {
    const rule = ['-f', 'daily', '--by-hour', '8', '--time-zone', 'Europe/Berlin', '--until', '2032-11-30'];
    const group = await createdIn(78, 'CHARGE', '1', '2031-01-01', '1h', ...rule);
    const lines = (await dispatch('export', '78')).filter(line => !line.includes('2031-03-30T06:00'));
    expect(lines).toHaveLength(4);
    await fileOf([...(await dispatch('export', '78')), ''], async file => {
      expect((await runCli(['import', '79', file, '--dry'], serviceEnv())).stderr).not.toContain('incomplete');
    });
    await fileOf(lines, async file => {
      const told = `group ${group.group.id} is incomplete: one from 2031-03-30T06:00:00.000Z is missing; after the import 'dispatch check' creates what is missing`;
      const { stderr } = await runCli(['import', '79', file, '--dry'], serviceEnv());
      expect(stderr.match(/^note: .*incomplete.*$/gm)).toEqual([`note: line 1: ${told}`]);
      const [first] = await dispatchJson('import', '79', file);
      expect(first.notes).toContain(told);
      await dispatchJson('check', '79');
      const restored = (await dispatchJson('list', '79')).map(({ startTime }) => startTime);
      expect(restored.sort()).toEqual((await dispatchJson('list', '78')).map(({ startTime }) => startTime).sort());
    });
  });

  it('shows and does nothing with --dry', async () => {
    await fileOf([line({})], async file => {
      expect((await dispatch('import', '66', file, '--dry')).at(-1)).toBe('1 to create, 0 present, 0 over, 0 refused.');
      expect(await plansIn(66)).toEqual([]);
    });
  });

  it('does nothing when something cannot be imported, or with --skip-refused the rest', async () => {
    await fileOf([line({}), line({ durationMs: 1 }), line({ kind: 1 })], async file => {
      const { code, stdout, stderr } = await runCli(['import', '67', file], serviceEnv());
      expect(code).toBe(1);
      expect(stdout).toContain('refuse   line 2: durationMs');
      expect(stdout).toContain('refuse   line 3: kind is not known\n');
      expect(stderr).toBe('error: 2 of 3 cannot be imported, so nothing was; --skip-refused imports the others.\n');
      expect(await plansIn(67)).toEqual([]);
      expect((await runCli(['import', '67', file, '--skip-refused'], serviceEnv())).code).toBe(0);
      expect(await plansIn(67)).toHaveLength(1);
    });
  });

  it('refuses beforehand what the service would refuse, and imports the others', async () => {
    const refused = [
      [{ type: '' }, 'dispatch_data.type: must have 1 to 256 characters, not 0'],
      [{ type: 'X'.repeat(300) }, 'dispatch_data.type: must have 1 to 256 characters, not 300'],
      [{ selector: { ids: [] } }, 'must have 1 to 1000 entries, not 0'],
      [{ selector: { categories: [] } }, 'must have 1 to 1000 entries, not 0'],
      [{ payload: { text: 'x'.repeat(130_000) } }, 'dispatch_data.payload: must have at most 51200 bytes'],
    ] as const;
    await fileOf([line({}), ...refused.map(([fields]) => line(fields))], async file => {
      const { code, stdout } = await runCli(['import', '80', file, '--dry'], serviceEnv());
      expect(code).toBe(1);
      const lines = stdout.split('\n').filter(text => text.startsWith('refuse'));
      for (const [index, [, reason]] of refused.entries()) {
        expect(lines[index]).toContain(`line ${index + 2}: dispatch_data.`);
        expect(lines[index]).toContain(reason);
      }
      expect(await dispatchJson('import', '80', file, '--skip-refused')).toHaveLength(7);
      expect(await plansIn(80)).toHaveLength(1);
    });
  });

  /** A service that stores any number of dispatches, and fails from one on. */
  const failingAt = (last: number, status: Status, onDelete = failing(Status.UNAVAILABLE)) => {
    let ids = 0;
    return scriptedService({
      async listMicrogridDispatches() {
        return ListMicrogridDispatchesResponse.create({});
      },
      async createMicrogridDispatch({ dispatchData }) {
        ids += 1;
        if (ids === last) failing(status)();
        return {
          dispatch: {
            metadata: { ...encodeDispatch(dispatchRecord()).metadata, dispatchId: BigInt(ids) },
            data: dispatchData,
          },
        };
      },
      async deleteMicrogridDispatch() {
        onDelete();
        return {};
      },
    });
  };

  it('deletes what it created when the service refuses one, and says so', async () => {
    await using service = await failingAt(3, Status.INVALID_ARGUMENT, () => {});
    await fileOf(
      [1, 2, 3].map(n => line({ payload: { n } })),
      async file => {
        const { code, stdout, stderr } = await runCli(['import', '1', file, '--json', '--url', service.address]);
        expect(code).toBe(3);
        expect(
          stdout
            .trimEnd()
            .split('\n')
            .slice(3)
            .map(text => JSON.parse(text)),
        ).toEqual([
          ...[{ created: 1, source: 'line 1' }, { created: 2, source: 'line 2' }, { undone: 2 }, { undone: 1 }],
        ]);
        const [note = '', error = ''] = stderr.trimEnd().split('\n');
        expect(JSON.parse(note).note).toContain('deleting 2 dispatches that this import created');
        expect(JSON.parse(error).error.message).toMatch(/^line 3: .* What was created before was deleted\.$/);
      },
    );
  });

  it('gives up to delete again at the first call that the service does not answer', async () => {
    let deletions = 0;
    await using service = await failingAt(6, Status.UNAVAILABLE, () => {
      deletions += 1;
      failing(deletions === 1 ? Status.PERMISSION_DENIED : Status.DEADLINE_EXCEEDED)();
    });
    await fileOf(
      [1, 2, 3, 4, 5, 6].map(n => line({ payload: { n } })),
      async file => {
        const { code, stderr } = await runCli(['import', '1', file, '--url', service.address]);
        expect(code).toBe(4);
        expect(deletions).toBe(2);
        expect(stderr).toContain('deleting 5 dispatches');
        expect(stderr).toContain('Could not be deleted again: 1-5.');
      },
    );
  });

  it('names what it cannot delete again, and what may have been created', async () => {
    let ids = 0;
    const stored = { startTimeMs: Date.parse('2030-01-01T00:00Z'), selector: { ids: [1] }, durationMs: null };
    await using service = await scriptedService({
      async listMicrogridDispatches() {
        // The third is there although its creation failed.
        const dispatches =
          ids < 3 ? [] : [encodeDispatch(dispatchRecord({ ...stored, id: 3, payload: { n: 3 }, type: 'CHARGE' }))];
        return ListMicrogridDispatchesResponse.create({ dispatches });
      },
      async createMicrogridDispatch() {
        ids += 1;
        if (ids === 3) failing(Status.UNAVAILABLE)();
        const record = dispatchRecord({ ...stored, id: ids, payload: { n: ids }, type: 'CHARGE' });
        return { dispatch: encodeDispatch(record) };
      },
      async deleteMicrogridDispatch() {
        failing(Status.PERMISSION_DENIED)();
        return {};
      },
    });
    await fileOf(
      [1, 2, 3].map(n => line({ payload: { n } })),
      async file => {
        const { code, stderr } = await runCli(['import', '1', file, '--url', service.address]);
        expect(code).toBe(4);
        expect(stderr).toContain('Could not be deleted again: 1, 2. Dispatch 3 is like this one and stays');
      },
    );
  });

  it('wants a file with something in it', async () => {
    expect(await runCli(['import', '1', '/nowhere'], serviceEnv())).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('The file cannot be read: ENOENT'),
    });
    await fileOf([''], async file => {
      expect((await runCli(['import', '1', file], serviceEnv())).code).toBe(1);
      const { stderr } = await runCli(['import', '1', file, '--target', '1'], serviceEnv());
      expect(stderr).toBe(`error: There is nothing to import in ${file}.\n`);
    });
    await fileOf(['[1]'], async file => {
      const { stdout } = await runCli(['import', '1', file], serviceEnv());
      expect(stdout).toContain('line 1: It must be a JSON object, such as {"type": "CHARGE", "startTime": ');
      const { stderr } = await runCli(['import', '1', file, '--target', '1'], serviceEnv());
      expect(stderr).toContain(`${file} is not a calendar, and --target is for the events of one`);
    });
  });
});
