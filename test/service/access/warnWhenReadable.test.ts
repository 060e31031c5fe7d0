import fs, { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isReadableByEveryone } from '../../../src/service/access/warnWhenReadable.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'plant.key');
  writeFileSync(path, 'a-key', { mode: 0o600 });
  chmodSync(path, 0o444);
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  folder[Symbol.dispose]();
});

describe.skipIf(process.platform === 'win32')('a file with a secret', () => {
  it('is open to everyone by its mode', () => {
    expect(isReadableByEveryone(path)).toBe(true);
    chmodSync(path, 0o440);
    expect(isReadableByEveryone(path)).toBe(false);
  });

  it('is not when there is none, or it is a folder', () => {
    expect(isReadableByEveryone(join(folder.path, 'none'))).toBe(false);
    mkdirSync(join(folder.path, 'open'), { mode: 0o755 });
    expect(isReadableByEveryone(join(folder.path, 'open'))).toBe(false);
  });

  it('is not on a read-only mount, as Kubernetes and Docker mount secrets', () => {
    vi.spyOn(fs, 'accessSync').mockImplementation(() => {
      throw Object.assign(new Error('read-only file system'), { code: 'EROFS' });
    });
    syncBuiltinESMExports();
    expect(isReadableByEveryone(path)).toBe(false);
  });

  it('is when only its mode forbids to write it', () => {
    vi.spyOn(fs, 'accessSync').mockImplementation(() => {
      throw Object.assign(new Error('permission denied'), { code: 'EACCES' });
    });
    syncBuiltinESMExports();
    expect(isReadableByEveryone(path)).toBe(true);
  });

  it.each([
    ['/run/secrets/plant_key', false],
    ['/run/secrets-of-others/plant_key', true],
  ])('that is %s in truth: %s', (real, expected) => {
    vi.spyOn(fs, 'realpathSync').mockReturnValue(real);
    syncBuiltinESMExports();
    expect(isReadableByEveryone(path)).toBe(expected);
  });
});
