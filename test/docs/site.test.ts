import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { brokenLinks } from '../../docs/site/checkSite.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

it('the check of the site finds links to files and anchors that are missing, and no others', () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'in'));
  writeFileSync(
    join(folder.path, 'index.html'),
    '<h1 id="top"></h1><a href="#top"></a><a href="#low"></a><a href="in/page.html#a"></a><a href="in/page.html#b"></a><a href="gone.html"></a><a href="https://example.com/x"></a>',
  );
  writeFileSync(join(folder.path, 'in/page.html'), '<a id="a" href="../index.html"></a><img src="../gone.svg">');
  expect(brokenLinks(folder.path).sort()).toEqual([
    'in/page.html: ../gone.svg: there is no such file',
    'index.html: #low: there is no such anchor',
    'index.html: gone.html: there is no such file',
    'index.html: in/page.html#b: there is no such anchor',
  ]);
});
