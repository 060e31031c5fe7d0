import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { loadOptional } from '../../src/model/loadOptional.js';

const require = createRequire(import.meta.url);
/** Not written in place, where tools would take it for a dependency. */
const missingModule = ['no-such-package', 'part'].join('/');
const notFound = (code: string, message: string) => Object.assign(new Error(message), { code });

it('names the package that a module imports and the one that a script of it requires', async () => {
  const module = notFound('ERR_MODULE_NOT_FOUND', "Cannot find package '@scope/name' imported from /here/file.js");
  await expect(loadOptional('a store', () => Promise.reject(module))).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message:
      'a store needs the package @scope/name, which is not installed: npm install @scope/name, or install without --omit=optional',
    cause: module,
  });
  await expect(loadOptional('a store', async () => require(missingModule))).rejects.toMatchObject({
    message: expect.stringContaining('a store needs the package no-such-package, which'),
  });
});

it('leaves other errors and what is loaded as they are', async () => {
  const file = notFound('ERR_MODULE_NOT_FOUND', "Cannot find module '/here/other.js' imported from /here/file.js");
  await expect(loadOptional('a store', () => Promise.reject(file))).rejects.toBe(file);
  await expect(loadOptional('a store', () => Promise.reject(new TypeError('no')))).rejects.toThrow(TypeError);
  expect(await loadOptional('a store', async () => 1)).toBe(1);
});
