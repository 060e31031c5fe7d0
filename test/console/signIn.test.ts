import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalConsole, serveConsole } from '../../src/cli/console/serveConsole.js';
import { DispatchClient, Dispatcher } from '../../src/index.js';
import { silentLogger } from '../../src/logger.js';
import { type DispatchService, startDispatchService } from '../../src/service/index.js';
import { sqliteStore } from '../../src/store/index.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { keysFile } from '../support/keysFile.js';
import { temporaryFolder } from '../support/temporaryFolder.js';
import { seriousFindings } from './axe.js';
import { builtConsole } from './builtConsole.js';
import { openConsole } from './openConsole.js';

const operator = {
  name: 'operator',
  key: 'key-of-operator',
  secret: 'secret-of-operator',
  microgrids: [1, 2],
  audit: true,
};
const guest = {
  name: 'guest',
  key: 'key-of-guest',
  secret: 'secret-of-guest',
  microgrids: [1],
  access: 'read',
} as const;

describeWithChromium('the console, signed in to', browser => {
  const keys = keysFile([operator, guest]);
  let service: DispatchService;
  let url: string;
  beforeAll(async () => {
    await builtConsole();
    service = await startDispatchService({ keys: keys.path, web: { console: true } });
    url = service.webUrl ?? '';
    await using client = new DispatchClient({
      address: service.address,
      authKey: operator.key,
      signSecret: operator.secret,
    });
    await client.create({ microgridId: 1, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } });
  });
  afterAll(async () => {
    await service.stop();
    keys[Symbol.dispose]();
  });

  describe('with a key', () => {
    it('says that the key is no longer accepted, offers no change meanwhile, and to sign in anew', async () => {
      await using console = await openConsole(browser(), url, null);
      const { page } = console;
      await page.getByLabel('Key').fill(operator.key);
      await page.getByLabel('Secret').fill(operator.secret);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
      await page.getByRole('button', { name: 'New dispatch …' }).waitFor();
      keys.replace([guest]);
      try {
        await service.reload();
        await page.getByRole('button', { name: 'Microgrid 1 the key is no longer accepted' }).waitFor();
        await page.getByRole('alert').getByText('The key is no longer accepted').waitFor();
        expect(await page.getByRole('button', { name: 'New dispatch …' }).count()).toBe(0);
        expect(await seriousFindings(page)).toEqual([]);
        await page.getByRole('button', { name: 'Sign in anew' }).click();
        await page.getByLabel('Key').waitFor();
      } finally {
        keys.replace([operator, guest]);
        await service.reload();
      }
    });

    it('says what is wrong, signs requests, and is restored after a reload until it is signed out', async () => {
      await using console = await openConsole(browser(), url, null);
      const { page } = console;
      const signIn = async (key: string, secret: string) => {
        await page.getByLabel('Key').fill(key);
        await page.getByLabel('Secret').fill(secret);
        await page.keyboard.press('Enter');
      };
      await signIn('other', operator.secret);
      await page.getByRole('alert').getByText('the API key is not accepted').waitFor();
      await signIn(operator.key, 'other');
      await page.getByRole('alert').getByText('the signature is invalid').waitFor();
      await signIn(operator.key, '');
      await page.getByRole('alert').getByText('this service wants a secret beside the key').waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      const sent: Record<string, string>[] = [];
      page.on('request', request => sent.push(request.headers()));
      await signIn(` ${operator.key}  `, operator.secret);
      await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
      await page.getByRole('button', { name: 'Microgrid 2 live' }).waitFor();
      await page.getByText('operator', { exact: true }).waitFor();
      expect(sent.filter(headers => headers.sig !== undefined).length).toBeGreaterThan(3);
      expect(JSON.stringify(sent)).not.toContain(operator.secret);
      await page.getByRole('button', { name: 'Microgrid 2 live' }).click();
      await page.reload();
      await page.getByRole('button', { name: 'Microgrid 2 live', pressed: true }).waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByLabel('Key').waitFor();
      expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])')).toBe(
        '[{},{},""]',
      );
      await page.reload();
      await page.getByLabel('Key').waitFor();
      expect(console.faults).toEqual([]);
    });

    it('offers no change to a key that may only read, and no other tab what one has', async () => {
      await using console = await openConsole(browser(), url, null);
      const { page } = console;
      await page.getByLabel('Key').fill(guest.key);
      await page.getByLabel('Secret').fill(guest.secret);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
      await page.getByText('read only').waitFor();
      expect(await page.getByRole('button', { name: /^(New|Create|Change)/ }).count()).toBe(0);
      const other = await page.context().newPage();
      await other.goto(url);
      await other.getByLabel('Key').waitFor();
      expect(console.faults).toEqual([]);
    });

    it('tells how far the clocks are apart: of a signature that is refused, and of runs that are shown', async () => {
      await using console = await openConsole(browser(), url, null);
      const { page } = console;
      await page.clock.setSystemTime(Date.now() + 3_600_000);
      await page.getByLabel('Key').fill(operator.key);
      await page.getByLabel('Secret').fill(operator.secret);
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('the call is signed at').waitFor();
      await page.clock.setSystemTime(Date.now() + 60_000);
      await page.getByLabel('Key').fill(operator.key);
      await page.getByLabel('Secret').fill(operator.secret);
      await page.keyboard.press('Enter');
      await page.getByText(/The clock of the service is (1m|59s|1m 1s) behind/).waitFor();
      expect(console.faults).toEqual([]);
    });
  });

  describe('by dispatch console', () => {
    let served: LocalConsole;
    let opened = 0;
    beforeAll(async () => {
      served = await serveConsole({
        service: { url: service.address, authKey: operator.key, signSecret: operator.secret },
        listen: '127.0.0.1:0',
        microgrids: [2],
        store: undefined,
        logger: silentLogger,
        onOpened: () => {
          opened += 1;
        },
      });
    });
    afterAll(() => served[Symbol.asyncDispose]());

    it('opens by a link once, keeps the tab signed in, and never has the key of the service', async () => {
      const link = served.newLink();
      await using console = await openConsole(browser(), link, null);
      const { page } = console;
      const exchanged: string[] = [];
      page.on('response', async response => exchanged.push(JSON.stringify(await response.allHeaders())));
      await page.getByRole('button', { name: 'Microgrid 2 live', pressed: true }).waitFor();
      await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
      expect(opened).toBe(1);
      expect(page.url()).toBe(link.replace(/#.*/, ''));
      expect(await page.evaluate('history.length')).toBe(2);
      await page.reload();
      await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
      const kept = String(await page.evaluate('JSON.stringify({ ...sessionStorage })'));
      for (const text of [kept, ...exchanged, await page.content()]) {
        expect(text).not.toContain(operator.key);
        expect(text).not.toContain(operator.secret);
      }
      expect(console.faults).toEqual([]);

      await using other = await openConsole(browser(), link, null);
      await other.page.getByRole('alert').getByText('this link was used before').waitFor();
      await other.page.getByRole('button', { name: 'Connect' }).click();
      await other.page.getByRole('alert').getByText('open the link that dispatch console has printed').waitFor();
      await other.page.evaluate(`location.href = ${JSON.stringify(served.newLink())}`);
      await other.page.getByRole('button', { name: 'Microgrid 2 live' }).waitFor();
      expect(other.faults.filter(fault => !fault.includes('status of 401'))).toEqual([]);
    });

    it.each(['before', 'after'])(
      'opens by a link that is loaded anew %s its code was taken, in its tab only',
      async when => {
        const link = served.newLink();
        const before = opened;
        let isFirst = true;
        const prepare = async (page: Page) => {
          await page.route('**/session', async route => {
            if (!isFirst) return route.continue();
            isFirst = false;
            if (when === 'after') await route.fetch();
            // The answer does not arrive: the page is loaded anew.
            await page.evaluate('setTimeout(() => location.reload())');
          });
        };
        await using console = await openConsole(browser(), link, null, { prepare });
        const { page } = console;
        await page.getByRole('button', { name: 'Microgrid 2 live', pressed: true }).waitFor();
        expect(page.url()).toBe(link.replace(/#.*/, ''));
        expect(opened).toBe(before + 1);
        expect(await page.evaluate('Object.keys(sessionStorage).filter(name => name.endsWith("link"))')).toEqual([]);
        expect(console.faults).toEqual([]);
        await using other = await openConsole(browser(), link, null);
        await other.page.getByRole('alert').getByText('this link was used before').waitFor();
      },
    );

    it('shows what was delivered before it was opened, from the file of a dispatcher', async () => {
      using folder = temporaryFolder();
      const store = `${folder.path}/microgrid2.db`;
      const { key: authKey, secret: signSecret } = operator;
      const access = { address: service.address, authKey, signSecret };
      const dispatcher = new Dispatcher({ microgridId: 2, ...access, store: sqliteStore(store) });
      await dispatcher.start();
      await dispatcher.ready({ timeoutMs: 20_000 });
      const stopped = dispatcher.newRunningStateReceiver('VENT');
      const plan = { type: 'VENT', startTime: 'NOW', durationMs: 1_000, selector: { ids: [9] } } as const;
      await dispatcher.client?.create(plan);
      await stopped.receive();
      await stopped.receive();
      await dispatcher.stop();
      const options = { listen: '127.0.0.1:0', microgrids: [2], logger: silentLogger, onOpened: () => {} };
      for (const [file, state] of [
        [undefined, 'past'],
        [store, 'delivered'],
      ] as const) {
        await using own = await serveConsole({
          service: { url: service.address, authKey, signSecret },
          ...options,
          store: file,
        });
        await using console = await openConsole(browser(), own.newLink(), null);
        const { page } = console;
        await page.getByRole('button', { name: 'Microgrid 2 live', pressed: true }).waitFor();
        await page.getByRole('button', { name: /^Table/ }).click();
        await page.getByRole('row').filter({ hasText: 'VENT' }).getByText(state, { exact: true }).waitFor();
        expect(console.faults).toEqual([]);
      }
    });
  });
});
