import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brokenLinks } from './checkSite.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [tools, site] = [`${root}build/site`, `${root}build/docs`];

installTools();
rmSync(site, { recursive: true, force: true });
const options = ['--options', `${root}docs/site/typedoc.json`, '--logLevel', 'Warn'];
execFileSync(process.execPath, [`${tools}/node_modules/typedoc/bin/typedoc`, ...options], { stdio: 'inherit' });
const broken = brokenLinks(site);
for (const link of broken) console.error(link);
if (broken.length > 0) throw new Error(`${broken.length} links of the site are broken`);
console.log(`${site}/index.html`);

/** Installs TypeDoc and the TypeScript that it needs, unless the same are there. */
function installTools(): void {
  const lock = 'package-lock.json';
  const isThere =
    existsSync(`${tools}/node_modules/typedoc`) && textOf(`${tools}/${lock}`) === textOf(`${root}docs/site/${lock}`);
  if (isThere) return;
  mkdirSync(tools, { recursive: true });
  for (const name of ['package.json', lock]) copyFileSync(`${root}docs/site/${name}`, `${tools}/${name}`);
  copyFileSync(`${root}.npmrc`, `${tools}/.npmrc`);
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: tools, stdio: 'inherit' });
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
