import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { startDispatchService } from '../../src/service/startDispatchService.js';
import { projectRoot } from '../support/compiled.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { exampleProject } from '../support/exampleProject.js';
import { serveFolders } from '../support/serveFolders.js';
import { watchedPage } from '../support/watchedPage.js';

const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });
const esbuild = join(projectRoot, 'node_modules/.bin/esbuild');
const oneFile = ['xstate-dispatch/web', '--bundle', '--format=esm', '--minify', '--outfile=xstate-dispatch.js'];

describeWithChromium('the page without a bundler', browser => {
  it('asks for the service, shows what runs, and plans', async () => {
    await using project = await exampleProject('page');
    await promisify(execFile)(esbuild, oneFile, { cwd: project.path });
    await using site = await serveFolders(project.path);
    const credentials = { authKey: 'key', signSecret: 'secret' };
    const service = await startDispatchService({ ...credentials, web: { origins: [site.url] } });
    onTestFinished(() => service.stop());
    await using watched = await watchedPage(browser());
    const { page, faults, openStreams } = watched;
    await page.goto(site.url);

    await page.getByLabel('Service').fill('ftp://localhost');
    await page.getByRole('button', { name: 'Connect' }).click();
    const problem = page.getByRole('alert');
    await soon(() => problem.textContent()).toContain('url must begin with https:// or http://');

    const signIn = async (secret: string) => {
      await page.getByLabel('Service').fill(String(service.webUrl));
      await page.getByLabel('Key').fill('key');
      await page.getByLabel('Secret').fill(secret);
      await page.getByRole('button', { name: 'Connect' }).click();
    };
    await signIn('wrong');
    await soon(() => problem.textContent()).toContain('UNAUTHENTICATED');
    await page.reload();
    await signIn('secret');
    await soon(() => page.getByRole('status').textContent()).toBe('live');

    const plan = async (fields: Record<string, string>, dryRun = false) => {
      for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
      await page.getByLabel('Dry run').setChecked(dryRun);
      await page.getByRole('button', { name: 'Plan' }).click();
    };
    await plan({ 'Starts in': '1', 'Runs for': '1', Power: '4' });
    await soon(watched.listed).toEqual([
      expect.stringMatching(/^CHARGE with 4 kW until \d\d:\d\d:\d\d \(dispatch 1\)$/),
      '',
    ]);
    await plan({ 'Starts in': '1', 'Runs for': '600', Power: '5' }, true);
    await soon(async () => (await watched.listed()).at(-1)).toMatch(/^dry run, would CHARGE with 5 kW until /);
    await plan({ Type: 'x'.repeat(10_000) });
    await soon(() => problem.textContent()).toContain('INVALID_ARGUMENT');
    expect(openStreams()).toBe(1);
    expect(page.url()).toBe(`${site.url}/`);
    expect(faults).toEqual([]);
  });
});
