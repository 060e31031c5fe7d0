import { appendFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHistory } from '../../../src/cli/shell/shellHistory.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'new', 'history');
});
afterEach(() => folder[Symbol.dispose]());

const refuse = (message: string) => {
  throw new Error(message);
};

describe('the history of the shell', () => {
  it('is kept for the next time, newest first, for its user alone', () => {
    const history = openHistory(path, refuse);
    expect(history.lines).toEqual([]);
    for (const line of ['list 1', 'list 1', '', 'get 1 2']) history.add(line);
    expect(openHistory(path, refuse).lines).toEqual(['get 1 2', 'list 1']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each([
    'list 1 --auth-key hunter2',
    'list 1 --auth-key=hunter2',
    'list 1 --sign-secret hunter2',
    'list 1 --AUTHKEY hunter2',
    'list 1 --signing-secret=hunter2',
    'serve --database postgres://dispatch:hunter2@db/dispatch',
  ])('does not hold a secret: %s', line => {
    openHistory(path, refuse).add(line);
    expect(openHistory(path, refuse).lines).toEqual([]);
  });

  it.each([
    'list 1 --auth-key-file key --sign-secret-file secret',
    'audit 1 --key partner-a',
    'serve --keys keys.json --tls-key tls.key --database postgres://db/dispatch',
    'create 1 KEY 1 now',
  ])('holds what only looks like one: %s', line => {
    openHistory(path, refuse).add(line);
    expect(openHistory(path, refuse).lines).toEqual([line]);
  });

  it('is cut to the newest 1,000 lines', () => {
    openHistory(path, refuse);
    appendFileSync(path, Array.from({ length: 2_001 }, (_, i) => `get 1 ${i}\n`).join(''));
    expect(openHistory(path, refuse).lines[0]).toBe('get 1 2000');
    const kept = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect([kept.length, kept.at(-1)]).toEqual([1_000, 'get 1 2000']);
  });

  it('says once that it cannot be kept', () => {
    const said: string[] = [];
    mkdirSync(path, { recursive: true });
    const history = openHistory(path, message => said.push(message));
    history.add('list 1');
    history.add('list 2');
    expect(said).toEqual([expect.stringMatching(/^The history is not kept: EISDIR/)]);
    expect(history.lines).toEqual([]);
  });
});
