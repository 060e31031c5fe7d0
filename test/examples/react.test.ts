import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { createServer } from 'vite';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { startDispatchService } from '../../src/service/startDispatchService.js';
import { projectRoot } from '../support/compiled.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { type ExampleProject, exampleProject } from '../support/exampleProject.js';
import { watchedPage } from '../support/watchedPage.js';

const soon = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 });
const credentials = { authKey: 'key', signSecret: 'hunter2' };
const selector = { ids: [5] };

/** Signs in, as soon as the program asks. */
async function signIn(page: Page, url: string | undefined, secret = credentials.signSecret): Promise<void> {
  await page.getByLabel('Service').fill(String(url));
  await page.getByLabel('Key').fill(credentials.authKey);
  await page.getByLabel('Secret').fill(secret);
  await page.getByRole('button', { name: 'Connect' }).click();
}

it('the React program asks for the versions that it is tested with', async () => {
  const manifestOf = async (folder: string) =>
    JSON.parse(await readFile(join(projectRoot, folder, 'package.json'), 'utf8'));
  const [tested, example] = await Promise.all([manifestOf('.'), manifestOf('examples/react')]);
  const versions = { ...tested.devDependencies, 'xstate-dispatch': tested.version };
  const asked: [string, string][] = Object.entries({ ...example.dependencies, ...example.devDependencies });
  expect(asked.filter(([name, range]) => range !== `^${versions[name]}`)).toEqual([]);
});

describeWithChromium('the React program', browser => {
  let project: ExampleProject;
  let site: { readonly url: string; close(): Promise<void> };

  beforeAll(async () => {
    project = await exampleProject('react');
    const server = await createServer({
      root: project.path,
      server: { host: '127.0.0.1', port: 0 },
      logLevel: 'error',
    });
    await server.listen();
    site = { url: server.resolvedUrls?.local[0] ?? '', close: () => server.close() };
  });

  afterAll(async () => {
    await site.close();
    await project[Symbol.asyncDispose]();
  });

  /** A service for the program, a client of it and the program in a window. */
  async function world(query = '') {
    const service = await startDispatchService({ ...credentials, web: { origins: [new URL(site.url).origin] } });
    onTestFinished(() => service.stop());
    const client = new DispatchClient({ address: service.address, ...credentials });
    onTestFinished(() => client.close());
    const watched = await watchedPage(browser());
    onTestFinished(() => watched[Symbol.asyncDispose]());
    const { page, listed } = watched;
    await page.goto(site.url + query);
    return {
      ...{ ...watched, client: client.forMicrogrid(1), webUrl: service.webUrl },
      heading: () => page.getByRole('heading').first().textContent(),
      status: () => page.getByRole('status').textContent(),
      problem: () => page.getByRole('alert').first().textContent(),
      lastListed: async () => (await listed()).at(-1),
    };
  }

  /** Changes a file of the program while it runs. */
  async function edit(name: string, from: string, to: string): Promise<void> {
    const path = join(project.path, 'src', name);
    const text = await readFile(path, 'utf8');
    expect(text).toContain(from);
    await writeFile(path, text.replace(from, to));
  }

  it('asks for the service, shows what runs, and plans', async () => {
    const { page, faults, webUrl, status, problem, heading, listed, lastListed, openStreams } = await world();
    await signIn(page, 'ftp://localhost');
    await soon(problem).toContain('url must begin with https:// or http://');
    await signIn(page, webUrl, 'wrong');
    await soon(problem).toContain('UNAUTHENTICATED');
    await page.reload();
    await signIn(page, webUrl);
    await soon(status).toBe('live');
    expect(await problem()).toBe('');

    await page.getByLabel('Starts in').fill('1');
    await page.getByLabel('Runs for').fill('1');
    await page.getByRole('button', { name: 'Plan' }).click();
    await soon(listed).toEqual([expect.stringMatching(/^CHARGE with 3 kW until \d\d:\d\d:\d\d \(dispatch 1\)$/), '']);
    await page.getByLabel('Runs for').fill('600');
    await page.getByLabel('Dry run').check();
    await page.getByRole('button', { name: 'Plan' }).click();
    await soon(lastListed).toContain('dry run, would CHARGE with 3 kW until ');
    expect(await heading()).toBe('The charger is off');
    await page.getByLabel('Dry run').uncheck();
    await page.getByRole('button', { name: 'Plan' }).click();
    await soon(heading).toBe('The charger is on');
    await page.getByLabel('Type').fill('x'.repeat(10_000));
    await page.getByRole('button', { name: 'Plan' }).click();
    await soon(() => page.getByRole('alert').last().textContent()).toContain('INVALID_ARGUMENT');
    // Strict mode has mounted it twice.
    expect(openStreams()).toBe(1);
    expect(page.url()).toBe(site.url);
    expect(faults).toEqual([]);
  });

  it('shows itself to the Stately inspector, and never the secret', async () => {
    const { page, faults, webUrl, client, heading } = await world('?inspect');
    await page.context().route('https://stately.ai/**', route =>
      route.fulfill({
        contentType: 'text/html',
        body: `<script>
          window.messages = [];
          addEventListener('message', ({ data }) => messages.push(data));
          opener.postMessage({ type: '@statelyai.connected' }, '*');
        </script>`,
      }),
    );
    const [inspector] = await Promise.all([page.waitForEvent('popup'), signIn(page, webUrl)]);
    await client.create({ type: 'CHARGE', startTime: 'NOW', selector });
    await soon(heading).toBe('The charger is on');
    const messages = () => inspector.evaluate<{ type: string; name?: string; event?: { type: string } }[]>('messages');
    await soon(async () => (await messages()).map(({ event }) => event?.type)).toContain('running.started');
    const actors = (await messages()).filter(({ type }) => type === '@xstate.actor').map(({ name }) => name);
    expect(actors).toEqual(expect.arrayContaining(['dispatcher', 'pool', 'source', 'timer']));
    expect(JSON.stringify(await messages())).not.toContain(credentials.signSecret);
    expect(faults).toEqual([]);
  });

  it.each([
    ['offline', 'route'],
    ['where windows are blocked', 'open'],
  ])('works with the inspector %s', async (_, how) => {
    const { page, faults, webUrl, client, heading } = await world('?inspect');
    if (how === 'route') await page.context().route('https://stately.ai/**', route => route.abort());
    else await page.evaluate('window.open = () => null');
    await signIn(page, webUrl);
    await client.create({ type: 'CHARGE', startTime: 'NOW', selector });
    await soon(heading).toBe('The charger is on');
    expect(faults).toEqual([]);
  });

  // Last: it leaves the program changed.
  it('goes on with one dispatcher when its code changes', async () => {
    const { page, faults, webUrl, client, heading, listed, lastListed, openStreams } = await world();
    const charge = { type: 'CHARGE', startTime: 'NOW', selector, payload: { kw: 5 } } as const;
    const { id } = await client.create(charge);
    await signIn(page, webUrl);
    await soon(heading).toBe('The charger is on');
    await page.evaluate('window.isFirst = true');
    await page.getByLabel('Power').fill('8');

    await edit('Plant.tsx', 'The charger is', 'The battery is');
    await soon(heading).toBe('The battery is on');
    await edit('plant.ts', "dispatch.type === 'CHARGE'", "dispatch.type === 'DISCHARGE'");
    await soon(heading).toBe('The battery is off');
    await edit('App.tsx', 'Sign in', 'Who is it?');
    const other = await client.create({ ...charge, type: 'DISCHARGE' });
    await soon(heading).toBe('The battery is on');
    expect((await lastListed())?.split(', ')).toEqual([
      `CHARGE with 5 kW until further notice (dispatch ${id})`,
      `DISCHARGE with 5 kW until further notice (dispatch ${other.id})`,
    ]);
    await client.delete(id);
    await client.delete(other.id);
    await soon(heading).toBe('The battery is off');
    await soon(lastListed).toBe('');
    // Nothing ended and began again meanwhile, and the old dispatchers are gone.
    expect(await listed()).toHaveLength(4);
    expect(openStreams()).toBe(1);
    expect(await page.evaluate('window.isFirst')).toBe(true);
    expect(await page.getByLabel('Power').inputValue()).toBe('8');
    expect(faults).toEqual([]);
  });
});
