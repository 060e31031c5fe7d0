import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { compiledModule } from '../support/compiled.js';
import { runProgram } from '../support/program.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

it('a store without the part of libsql for this platform is one error, and the process goes on', async () => {
  using folder = temporaryFolder();
  const patch = join(folder.path, 'patch.cjs');
  // As where it was installed for another platform.
  writeFileSync(
    patch,
    `const Module = require('node:module');
    const resolve = Module._resolveFilename;
    Module._resolveFilename = function (name, ...rest) {
      if (!name.startsWith('@libsql/')) return resolve.call(this, name, ...rest);
      throw Object.assign(new Error("Cannot find module '" + name + "'"), { code: 'MODULE_NOT_FOUND' });
    };`,
  );
  const { stdout } = await runProgram(`
    await import(${JSON.stringify(pathToFileURL(patch).href)});
    process.on('unhandledRejection', error => console.log('unhandled', error.message));
    const { sqliteStore } = await import(${JSON.stringify(pathToFileURL(compiledModule('src/store/index.ts')).href)});
    const store = sqliteStore(${JSON.stringify(join(folder.path, 'store.db'))});
    await store.open({ microgridId: 1 }).catch(error => console.log(error.code, error.message));
    await new Promise(resolve => setTimeout(resolve, 50));
    console.log('goes on');
  `);
  expect(stdout).toMatch(
    /^FAILED_PRECONDITION sqliteStore needs the package @libsql\/[\w-]+, which is not installed: .*\ngoes on\n$/,
  );
});
