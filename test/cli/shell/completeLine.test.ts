import { describe, expect, it } from 'vitest';
import type { CommandWords } from '../../../src/cli/completion/commandWords.js';
import { completeLine } from '../../../src/cli/shell/completeLine.js';
import { splitLine } from '../../../src/cli/shell/splitLine.js';

const option = (names: string[], name: string | null = null, values: string[] = []) => ({
  names,
  description: '',
  value: name === null ? null : { name, values },
});
const command = (name: string, more: Partial<CommandWords> = {}): CommandWords => ({
  name,
  aliases: [],
  summary: '',
  options: [],
  arguments: [],
  commands: [],
  ...more,
});
const argument = (name: string, values: string[] = [], isVariadic = false) => ({ name, values, isVariadic });
const microgrid = argument('microgrid-id');

const program = command('dispatch', {
  options: [option(['--url'], 'address'), option(['--json'])],
  commands: [
    command('list', {
      arguments: [microgrid],
      options: [option(['-T', '--type'], 'type'), option(['--sort'], 'field', ['up', 'down'])],
    }),
    command('get', { arguments: [microgrid, argument('dispatch-ids', [], true)] }),
    command('create', { arguments: [microgrid, argument('type'), argument('target', ['BATTERY', 'BREAKER'])] }),
    command('preview', { options: [option(['--microgrid'], 'id'), option(['--id'], 'id')] }),
    command('keys', { commands: [command('make', { arguments: [argument('file')] }), command('list')] }),
    command('watch', { aliases: ['stream'], arguments: [microgrid], options: [option(['--lifecycle'])] }),
  ],
});
const sources = {
  ids: async (microgridId: number) => (microgridId === 1 ? ['7', '70', '8'] : []),
  types: async (microgridId: number) => (microgridId === 1 ? ['CHARGE', 'CHARGE IT', "it's"] : []),
  files: async (beginning: string) => (beginning === '' ? ['keys.json', 'folder/'] : ['folder/my keys.json']),
};

describe('a line of the shell is completed', () => {
  it.each([
    ['', ['list', 'get', 'create', 'preview', 'keys', 'watch']],
    ['li', ['list ']],
    ['dispatch li', ['list ']],
    ['nothing ', []],
    ['list 1 --', ['--type', '--sort', '--url', '--json']],
    ['list 1 --so', ['--sort ']],
    ['--url grpc://x --js', ['--json ']],
    ['--url grpc://x ge', ['get ']],
    ['list 1 --sort ', ['up', 'down']],
    ['get 1 7', ['7', '70']],
    ['get 1 7 8', ['8 ']],
    ['get 2 7', []],
    ['list 1 -T CHARGE', ['CHARGE', String.raw`CHARGE\ IT`]],
    [String.raw`list 1 --type CHARGE\ `, [String.raw`CHARGE\ IT `]],
    ["list 1 --type 'CHARGE ", ["'CHARGE IT' "]],
    ["list 1 --type 'i", []],
    ['list 1 --type "i', ['"it\'s" ']],
    ['list 1 --type C"H', []],
    ['create 1 CHARGE B', ['BATTERY', 'BREAKER']],
    ['create 1 CH', ['CHARGE', String.raw`CHARGE\ IT`]],
    ['preview --microgrid 1 --id 70', ['70 ']],
    ['preview --id ', []],
    ['keys ', ['make', 'list']],
    ['keys make ', ['keys.json', 'folder/']],
    ['keys make folder/', [String.raw`folder/my\ keys.json `]],
    ['stream 1 --li', ['--lifecycle ']],
  ])('%j by %j', async (line, expected) => {
    const [hits, typed] = await completeLine(line, program, sources);
    expect(hits).toEqual(expected);
    expect(line.endsWith(typed)).toBe(true);
    // What readline then writes is one more word.
    for (const hit of hits) {
      expect(hit.startsWith(typed)).toBe(true);
      expect(splitLine(line.slice(0, line.length - typed.length) + hit).length).toBeGreaterThan(0);
    }
  });
});
