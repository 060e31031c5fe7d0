import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../support/describeWith.js';
import { runCli } from '../../support/runCli.js';
import { missingProgram, missingTerminal, type RunningInTerminal, startTerminal } from '../../support/startTerminal.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

/** What is typed behind `dispatch`, `⇥` for Tab, and the words that the program gets. */
const CASES = [
  ['li⇥', ['list']],
  ["--url 'grpc://host:1?ssl=false' ov⇥", ['--url', 'grpc://host:1?ssl=false', 'overlaps']],
  ["--url='grpc://host:1?ssl=false' ov⇥", ['--url=grpc://host:1?ssl=false', 'overlaps']],
  ['list 1 --so⇥up⇥', ['list', '1', '--sort', 'update-time']],
  ['list 1 --sort=up⇥', ['list', '1', '--sort=update-time']],
  ['list 1 --sort=up⇥--ord⇥asc⇥', ['list', '1', '--sort=update-time', '--order', 'ascending']],
  ['create 1 list BATT⇥', ['create', '1', 'list', 'BATTERY']],
  ['create 1 CHARGE --by-weekday mond⇥', ['create', '1', 'CHARGE', '--by-weekday', 'monday']],
  ["create 1 'a type' BATT⇥", ['create', '1', 'a type', 'BATTERY']],
  ['keys ro⇥', ['keys', 'rotate']],
  ['keys make x.json x --acc⇥r⇥', ['keys', 'make', 'x.json', 'x', '--access', 'read']],
  ['import 1 pl⇥', ['import', '1', 'plan of May.json']],
  ['simulate 1 now tomorrow --file pl⇥', ['simulate', '1', 'now', 'tomorrow', '--file', 'plan of May.json']],
  ['simulate 1 now tomorrow --file=pl⇥', ['simulate', '1', 'now', 'tomorrow', '--file=plan of May.json']],
  ['completion fi⇥', ['completion', 'fish']],
  ['help wh⇥', ['help', 'whoami']],
  ['stream 1 --js⇥', ['stream', '1', '--json']],
] as const;

/** A program that shows its words, in the place of `dispatch`. */
const POSIX = `dispatch() { printf '<%s>' "$@"; echo; }`;
const SHELLS = {
  bash: {
    words: ['bash', '--norc', '--noprofile', '-i'],
    begin: `PS1='ready> '; bind 'set bell-style none'; ${POSIX}; . ./script\n`,
    extra: [
      // Bash splits such words by itself.
      ['--url grpc://host:1?ssl=false ov⇥', ['--url', 'grpc://host:1?ssl=false', 'overlaps']],
      ['create 1 CHARGE --url=grpc://h:1 BATT⇥', ['create', '1', 'CHARGE', '--url=grpc://h:1', 'BATTERY']],
    ] as const,
  },
  zsh: {
    words: ['zsh', '-f', '-i'],
    begin: `PS1='ready> '; unsetopt beep promptcr promptsp; autoload -Uz compinit; compinit -u -d ./zcompdump; ${POSIX}; . ./script\n`,
    extra: [] as const,
  },
  fish: {
    words: ['fish', '--no-config', '-i'],
    begin: `function fish_prompt; printf 'ready> '; end; function dispatch; printf '<%s>' $argv; echo; end; source ./script\n`,
    extra: [] as const,
  },
};

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  const missing = missingTerminal() ?? missingProgram(shell);
  describeWith(missing, `the script for ${shell}, in that shell`, () => {
    const folder = temporaryFolder();
    let terminal: RunningInTerminal;

    beforeAll(async () => {
      const { code, stdout } = await runCli(['completion', shell]);
      expect(code).toBe(0);
      writeFileSync(join(folder.path, 'script'), stdout);
      writeFileSync(join(folder.path, 'plan of May.json'), '');
      const { words, begin } = SHELLS[shell];
      terminal = startTerminal(words, {
        cwd: folder.path,
        env: { HOME: folder.path, XDG_CONFIG_HOME: folder.path, XDG_DATA_HOME: folder.path },
      });
      terminal.type(begin);
      terminal.type('dispatch begins\n');
      await terminal.shows('<begins>');
    });

    afterAll(async () => {
      await terminal[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    it.each([...CASES, ...SHELLS[shell].extra])('completes %s', async (typed, words) => {
      terminal.type(`dispatch ${typed.replaceAll('⇥', '\t')}\n`);
      expect(await terminal.shows(/(<.*>)+\n/)).toContain(`${words.map(word => `<${word}>`).join('')}\n`);
    });
  });
}
