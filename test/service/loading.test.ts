import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/program.js';
import { sqlitePlace } from '../support/stores.js';

/** The packages of databases that a program has loaded once it is done. */
async function loadedBy(program: string): Promise<string[]> {
  // A hook sees every module that is asked for, also those that are loaded later.
  const hook = `
    export async function resolve(specifier, context, next) {
      const resolved = await next(specifier, context);
      const name = /node_modules\\/(kysely|libsql|pg)\\//.exec(resolved.url)?.[1];
      if (name) process._rawDebug('loaded ' + name);
      return resolved;
    }
  `;
  const { code, stderr } = await runProgram(`
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));
    ${program}
  `);
  expect({ code, stderr: stderr.replaceAll(/^loaded .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
  return [...new Set([...stderr.matchAll(/^loaded (.*)$/gm)].map(match => match[1] ?? ''))].sort();
}

const serving = (database: string) => `
  const { startDispatchService } = await import('xstate-dispatch/service');
  const service = await startDispatchService({ database: ${JSON.stringify(database)} });
  await service.stop();
`;

describe('database code', () => {
  it.each(['xstate-dispatch', 'xstate-dispatch/machines', 'xstate-dispatch/testing', 'xstate-dispatch/service'])(
    'is not loaded by an import of %s',
    async entry => {
      expect(await loadedBy(`await import('${entry}');`)).toEqual([]);
    },
  );

  it('is not loaded by a service in memory', async () => {
    expect(await loadedBy(serving(':memory:'))).toEqual([]);
  });

  it('is loaded for SQLite by a service in a file, and for nothing else', async () => {
    await using place = sqlitePlace();
    expect(await loadedBy(serving(place.database))).toEqual(['kysely', 'libsql']);
  });
});
