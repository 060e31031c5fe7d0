import { readdirSync } from 'node:fs';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

import type { Group } from '../../src/planning/groups/group.js';
import { groupRuleText } from '../../src/planning/groups/groupWords.js';
import type { Plan } from '../../src/planning/planNotes.js';

const folder = new URL('../../src/planning/', import.meta.url).pathname;

it('runs in a browser: nothing of Node.js, of the command or of a gRPC client is in it', async () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(20);
  const contents = files.map(name => `export * from './${name}';`).join('\n');
  // A module of Node.js is an error on this platform.
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: folder, loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const foreign = Object.keys(metafile.inputs).filter(
    path => !/^(<stdin>|machines\/|src\/(planning|model|dispatch\.ts))/.test(path),
  );
  const packages = foreign.map(path => /node_modules\/([^/]+)/.exec(path)?.[1] ?? path);
  expect([...new Set(packages)].sort()).toEqual([
    'lossless-json',
    'parse-duration',
    'parse-ms',
    'pretty-ms',
    'rrule',
    'tslib',
  ]);
  const code = Buffer.from(outputFiles[0]?.contents ?? '').toString('base64');
  const bundle: { planNotes(plan: Plan): string[]; groupRuleText(group: Group): string } = await import(
    `data:text/javascript;base64,${code}`
  );
  const rule = { frequency: 'MONTHLY', interval: 1, byMonths: [5], byMonthDays: [31], byHours: [8] } as const;
  expect(bundle.groupRuleText({ ...GROUP, rule })).toBe(groupRuleText({ ...GROUP, rule }));
  expect(bundle.planNotes({ startTimeMs: 0, durationMs: 0, recurrence: null })).toHaveLength(1);
});

const GROUP: Omit<Group, 'rule'> = {
  id: 'g00000001',
  zone: 'Europe/Berlin',
  startTimeMs: 0,
  untilMs: 86_400_000,
  durationMs: 1_000,
  toMinute: null,
  exceptions: [],
};
