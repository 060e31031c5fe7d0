import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../support/runCli.js';

const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await runCli(['completion', shell]);
    expect(code).toBe(0);
    scripts[shell] = stdout;
  }
});

/** The functions of the scripts for bash and zsh, which that for fish runs by `sh`. */
function functions(): string {
  const { bash = '' } = scripts;
  return bash.slice(0, bash.indexOf('_dispatch() {'));
}

/** What may follow in place of the last word, without what it means. */
function offered(...words: string[]): string[] {
  const run = ['-euc', `${functions()}\n_dispatch_words "$@"`, 'sh', words.at(-1) ?? '', ...words.slice(0, -1)];
  const lines = execFileSync('sh', run, { encoding: 'utf8' }).trimEnd().split('\n');
  return lines.filter(line => line !== '').map(line => line.split('\t')[0] ?? '');
}

describe('the words that follow', () => {
  it.each([
    [
      ['keys', ''],
      ['make', 'list', 'rotate', 'revoke', 'check', 'help'],
    ],
    [
      ['list', '1', '--sort', 'up'],
      ['start-time', 'create-time', 'update-time'],
    ],
    [
      ['list', '1', '--sort='],
      ['start-time', 'create-time', 'update-time'],
    ],
    [['serve', '--log-level', 's'], expect.arrayContaining(['silent'])],
    [['create', '1', 'list', 'BATT'], expect.arrayContaining(['BATTERY', 'EV_CHARGER'])],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['serve', '--keys', ''], ['@files']],
    [['--url', 'grpc://x', ''], expect.arrayContaining(['overlaps', 'whoami'])],
    [['list', '1', '--json', '-'], expect.arrayContaining(['--order', '--url', '-T'])],
    [['list', ''], []],
    [['create', '1', 'CHARGE', '--note', 'l'], []],
  ])('%j: %j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  it('are told with what they mean', () => {
    expect(functions()).toContain("'list\tlist dispatches'");
    expect(functions()).toContain("'--json\tprint one JSON object per line'");
  });

  it('are the same for all shells', () => {
    expect(scripts.zsh?.startsWith(functions())).toBe(true);
    expect(scripts.fish).toContain(functions().replace(/[\\']/g, '\\$&'));
  });
});
