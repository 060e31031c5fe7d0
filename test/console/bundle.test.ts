import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { bundleConsole } from '../package/bundleConsole.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const maxKilobytes = 250;

it(`the console has at most ${maxKilobytes} kB, nothing inline and nothing from elsewhere`, async () => {
  using folder = temporaryFolder();
  await bundleConsole(folder.path);
  const [page, script, style] = await Promise.all(
    ['index.html', 'console.js', 'console.css'].map(name => readFile(join(folder.path, name), 'utf8')),
  );
  const bytes = [page, script, style].map(text => gzipSync(text ?? '', { level: 9 }).length);
  console.log(`the console, gzipped: ${bytes.map(size => (size / 1000).toFixed(1)).join(' + ')} kB`);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(maxKilobytes * 1000);
  expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/);
  expect([...`${page}${style}`.matchAll(/(?:src|href|url)\(?=?"?([^")>\s]+)/g)].map(([, url]) => url)).toEqual([
    'data:,',
    'console.css',
    'console.js',
  ]);
  expect(script).not.toMatch(/\beval\(|new Function\(/);
});
