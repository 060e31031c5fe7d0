import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { splitLine } from '../../../src/cli/shell/splitLine.js';
import { runCli } from '../../support/runCli.js';

const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await runCli(['completion', shell]);
    expect(code).toBe(0);
    scripts[shell] = stdout;
  }
});

/** What bash offers for the last word of a command line. */
function inBash(...words: string[]): string[] {
  const program = `${scripts.bash}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _dispatch
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const stdout = execFileSync('bash', ['-c', program, 'bash', ...words], { encoding: 'utf8' });
  return stdout.split('\n').filter(line => line !== '');
}

describe('the script for bash', () => {
  it.each([
    [['dispatch', 'li'], ['list']],
    [
      ['dispatch', 'p'],
      ['preview', 'pause'],
    ],
    [['dispatch', '--url', 'grpc://x', 'ov'], ['overlaps']],
    [['dispatch', '--url', '=', 'grpc://x', 'ov'], ['overlaps']],
    [['dispatch', 'list', '1', '--so'], ['--sort']],
    [['dispatch', 'list', '1', '--sort', 'up'], ['update-time']],
    [['dispatch', 'list', '1', '--sort', '=', 'up'], ['update-time']],
    [
      ['dispatch', 'list', '1', '--sort', '='],
      ['start-time', 'create-time', 'update-time'],
    ],
    [['dispatch', 'list', '1', '--json', '--ord'], ['--order']],
    [['dispatch', 'create', '1', 'CHARGE', 'BATT'], ['BATTERY']],
    [['dispatch', 'create', '1', 'list', 'BATT'], ['BATTERY']],
    [['dispatch', 'create', '1', 'CHARGE', '--by-weekday', 'mo'], ['monday']],
    [
      ['dispatch', 'keys', ''],
      ['make', 'list', 'rotate', 'revoke', 'check', 'help'],
    ],
    [['dispatch', 'keys', 'make', 'x.json', 'x', '--acc'], ['--access']],
    [
      ['dispatch', 'serve', '--keys', 'packa'],
      ['package.json', 'package-lock.json'],
    ],
    [['dispatch', 'serve', '--log-level', 's'], ['silent']],
    [
      ['dispatch', 'completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['dispatch', 'help', 'wh'], ['whoami']],
    [['dispatch', 'stream', '1', '--js'], ['--json']],
    [['dispatch', 'list', ''], []],
    [['dispatch', 'create', '1', 'CHARGE', '--note', 'l'], []],
  ])('completes %j to %j', (words, expected) => {
    expect(inBash(...words).sort()).toEqual([...expected].sort());
  });

  it('is installed for the program', () => {
    const installed = execFileSync('bash', ['-c', `${scripts.bash}\ncomplete -p dispatch`], { encoding: 'utf8' });
    expect(installed.trim()).toBe('complete -F _dispatch dispatch');
  });
});

describe('the script for zsh', () => {
  it('finds its words as that for bash does, by functions that any POSIX shell runs', () => {
    const functions = scripts.zsh?.slice(0, scripts.zsh.indexOf('_dispatch() {')) ?? '';
    expect(scripts.bash?.startsWith(functions)).toBe(true);
    const run = (...args: string[]) =>
      execFileSync('sh', ['-euc', `${functions}\n_dispatch_words "$@"`, 'sh', ...args], { encoding: 'utf8' }).trim();
    expect(run('', 'list', '1', '--sort').split('\n')).toEqual(['start-time', 'create-time', 'update-time']);
    expect(run('', 'serve', '--keys')).toBe('@files');
    expect(run('').split('\n')).toContain('list');
  });
});

describe('the script for fish', () => {
  it('is declarations of the commands and options of the program', () => {
    const lines = (scripts.fish ?? '').trimEnd().split('\n').map(splitLine);
    for (const words of lines) expect(words.slice(0, 3)).toEqual(['complete', '-c', 'dispatch']);
    expect(lines).toContainEqual(
      expect.arrayContaining([
        '-n',
        '__fish_seen_subcommand_from list',
        '-l',
        'sort',
        '-x',
        '-a',
        'start-time create-time update-time',
      ]),
    );
    expect(lines).toContainEqual(
      expect.arrayContaining(['-n', '__fish_use_subcommand', '-a', 'list', '-d', 'list dispatches']),
    );
    expect(lines).toContainEqual(expect.arrayContaining(['-s', 'f', '-l', 'frequency']));
  });
});
