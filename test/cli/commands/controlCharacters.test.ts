import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../support/runCli.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';
import { createdIn, dispatchJson, serviceEnv, useCommandService } from './commandService.js';

useCommandService();

const RED = '\u001B[31m';
const CSI = '\u009B31m';
const MIRRORED = '\u202E';
const UNPRINTABLE = /[^\P{Cc}\n\r]|\p{Bidi_Control}/u;
const run = (...args: string[]) => runCli(args, serviceEnv());

describe.concurrent('characters that control a terminal', () => {
  it('are escaped in JSON, which has the same values', async () => {
    const payload = JSON.stringify({ [CSI]: `${MIRRORED}x${RED}\u007F` });
    const { id } = await createdIn(1, `T${CSI}${MIRRORED}`, '1', '2031-01-01', '1h', '--payload', payload);
    const [found] = await dispatchJson('get', '1', `${id}`);
    expect(found).toMatchObject({ type: `T${CSI}${MIRRORED}`, payload: JSON.parse(payload) });
    for (const args of [
      ['list', '1', '--json'],
      ['export', '1'],
      ['audit', '1', '--json'],
      ['get', '1', `${id}`, '--json'],
    ]) {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('\\u009b31m');
      expect(stdout).not.toMatch(UNPRINTABLE);
    }
  });

  it.each([
    [2, `A${RED}\u0007`],
    [3, `A${CSI}`],
    [4, `A${MIRRORED}`],
  ])('of a type cannot be held by a calendar (%i)', async (microgridId, type) => {
    const { id } = await createdIn(microgridId, type, '1', '2031-01-01', '1h');
    const { code, stdout, stderr } = await run('export', `${microgridId}`, '--format', 'ical');
    expect(code).toBe(1);
    expect(stdout).not.toMatch(UNPRINTABLE);
    expect(stderr).toContain(`problem: dispatch ${id} cannot be an event: SUMMARY: `);
  });

  it('of a payload are escaped in a calendar', async () => {
    await createdIn(5, 'A', '1', '2031-01-01', '1h', '--payload', JSON.stringify({ a: `${CSI}${MIRRORED}` }));
    const { code, stdout } = await run('export', '5', '--format', 'ical');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(UNPRINTABLE);
    expect(stdout).toContain('u202e');
  });

  it('of a file are escaped in errors', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'plan.jsonl');
    writeFileSync(
      file,
      `${JSON.stringify({ type: 'A', startTime: '2031-01-01', selector: { ids: [1] }, [`${RED}x`]: 1 })}\n`,
    );
    const { code, stderr } = await run('simulate', '1', '2031-01-01', '2031-01-02', '--file', file);
    expect(code).toBe(1);
    expect(stderr).toContain('\\u001b[31mx');
    expect(stderr).not.toMatch(UNPRINTABLE);
  });

  it.each([
    ['list', '1', '--sort', RED],
    ['list', '1', '--columns', RED],
    ['list', '1', '--profile', RED],
    ['list', '1', '--start-from', RED],
    ['list', '1', `--${RED}`],
    ['create', '1', 'A', '1', RED],
    ['preview', 'now', '1h', '--time-zone', RED],
    ['import', '1', `/nowhere/${RED}`],
    [`x${RED}`],
    [`x${CSI}${MIRRORED}`],
  ])('of the command line are escaped in errors: %j', async (...args) => {
    for (const more of [[], ['--json']]) {
      const { code, stdout, stderr } = await run(...args, ...more);
      expect(code).toBeGreaterThan(0);
      expect(stderr).not.toBe('');
      expect(stdout + stderr).not.toMatch(UNPRINTABLE);
    }
  });
});
