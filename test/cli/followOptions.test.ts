import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addFollowOptions, checkFollowOptions } from '../../src/cli/followOptions.js';

/** The options of a command line, or what is wrong with it. */
function read(...args: string[]) {
  const command = addFollowOptions(new Command('follow'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.parse(args, { from: 'user' });
  checkFollowOptions(command.opts());
  return command.opts();
}

const dayMs = 24 * 3_600_000;

it.each([
  ['--exec', '--timeout', '1s to 24 days'],
  ['--run', '--stop-grace', '0s to 24 days'],
  ['--run', '--retry', '1s to 24 days'],
])('with %s, %s is %s', (needed, option, allowed) => {
  const [least = '', most = ''] = allowed.split(' to ');
  const name = option === '--stop-grace' ? 'stopGrace' : option.slice(2);
  expect(read(needed, 'true', option, least)[name]).toBe(1_000 * Number.parseInt(least, 10));
  expect(read(needed, 'true', option, most)[name]).toBe(24 * dayMs);
  const refusal = new RegExp(`option '${option} <duration>' argument '.*' is invalid. It must be from ${allowed}.$`);
  expect(() => read(needed, 'true', option, '25d')).toThrow(refusal);
  if (least !== '0s') expect(() => read(needed, 'true', option, '0')).toThrow(refusal);
});

it.each([
  [['--exec', 'a', '--run', 'b'], '--exec and --run cannot be used together.'],
  [['--timeout', '1s'], '--timeout needs --exec.'],
  [['--run', 'a', '--timeout', '1s'], '--timeout needs --exec.'],
  [['--no-resumed'], '--no-resumed needs --exec.'],
  [['--run', 'a', '--no-resumed'], '--no-resumed needs --exec.'],
  [['--exec', 'a', '--merge', 'type'], '--merge needs --run.'],
  [['--stop-grace', '1s'], '--stop-grace needs --run.'],
  [['--retry', '1s'], '--retry needs --run.'],
  [['--dry-runs'], '--dry-runs needs --exec or --run.'],
])('refuses %j', (args, message) => {
  expect(() => read(...args)).toThrow(message);
});

it.each([
  [['--exec', 'a', '--no-resumed', '--dry-runs', '--timeout', '1s']],
  [['--run', 'a', '--dry-runs', '--merge', 'type', '--retry', '1s', '--stop-grace', '0']],
  [[]],
])('takes %j', args => {
  expect(() => read(...args)).not.toThrow();
});
