import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { wrapLine } from '../../src/cli/output/wrapHelp.js';
import { startTestService, type TestService } from '../../src/testing/startTestService.js';
import { runCli } from '../support/runCli.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
  const plan = [
    'CHARGE',
    'BATTERY',
    '2031-10-20',
    '1h',
    '-f',
    'daily',
    '--by-hour',
    '8',
    '--payload',
    '{"text":"a b"}',
  ];
  await run('create', '1', ...plan);
  await run('create', '1', ...plan);
  await run('create', '1', ...plan, '--time-zone', 'Europe/Berlin', '--until', '2031-11-30');
});
afterAll(() => service?.stop());

const { isTTY, columns } = process.stdout;
afterEach(() => Object.assign(process.stdout, { isTTY, columns }));

const run = (...args: string[]) => runCli([...args, '--url', service.address]);

describe.each([40, 80])('in a terminal of %i columns', width => {
  it.each([
    [['get', '1', '1-3']],
    [['at', '1', '2031-10-25T08:10Z']],
    [['overlaps', '1', '--from', '2031-10-24', '--to', '2031-10-26']],
    [
      [
        'preview',
        '2031-10-20',
        '1h',
        '-f',
        'weekly',
        '--by-weekday',
        'mon-fri',
        '--by-hour',
        '8',
        '--time-zone',
        'UTC',
        '--until',
        '2031-12-01',
      ],
    ],
    [['audit', '1']],
    [['simulate', '1', '2031-10-24', '2031-10-26']],
    [['check', '1']],
  ])('%j fits, but for JSON', async args => {
    Object.assign(process.stdout, { isTTY: true, columns: width });
    const { code, stdout } = await run(...args);
    expect(code).toBeLessThan(2);
    const lines = stripVTControlCharacters(stdout).split('\n');
    expect(lines.filter(line => line.length > width && !line.includes('{'))).toEqual([]);
  });
});

it('lines that are not for a terminal stay whole', async () => {
  const { stdout } = await run('overlaps', '1', '--from', '2031-10-24', '--to', '2031-10-24T12:00Z');
  expect(stdout).toMatch(/^2031-10-24 .* and .*$/m);
});

it.each([
  ['one two three', 9, 'one two\n  three'],
  ['  name    one two three four', 22, '  name    one two\n          three four'],
  ['  a long name    one two', 18, '  a long name\n    one two'],
  ['  payload   {"text":"one two"}', 18, '  payload   {"text":"one two"}'],
  ['\u001b[2mone two\u001b[22m', 7, '\u001b[2mone two\u001b[22m'],
])('%j fits %i columns', (line, width, expected) => {
  expect(wrapLine(line, width)).toBe(expected);
});
