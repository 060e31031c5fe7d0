import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import { type DispatchService, startDispatchService } from '../../src/service/startDispatchService.js';
import { checkSequences } from '../oracle/checkSequences.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { testDispatcherStore } from '../support/testDispatcherStore.js';
import type { Connecting, PageProgram } from './page/program.js';
import { type ServedPage, servePage } from './page/servePage.js';
import { placeInPage } from './storeInPage.js';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const isLong = process.env.TEST_LONG !== undefined;
const credentials = { authKey: 'key', signSecret: 'secret' };

/** Playwright turns it off. */
const withBackForwardCache = { ignoreDefaultArgs: ['--disable-back-forward-cache'] };

/** The program of a page, whose methods are called in the page. */
declare const program: PageProgram;

describeWithChromium(
  'xstate-dispatch/web in a page',
  browser => {
    let served: ServedPage;

    beforeAll(async () => {
      served = await servePage();
    });

    afterAll(() => served[Symbol.asyncDispose]());

    async function serve(listen = '127.0.0.1:0', origins = [served.origin]): Promise<DispatchService> {
      const service = await startDispatchService({ web: { listen, origins }, ...credentials });
      cleanUps.push(() => service.stop());
      return service;
    }

    async function openPage(context?: BrowserContext): Promise<Page> {
      const page = await (context ?? (await newContext(browser()))).newPage();
      await page.goto(served.url);
      await page.waitForFunction('window.program');
      return page;
    }

    async function newContext(browser: Browser): Promise<BrowserContext> {
      const context = await browser.newContext();
      cleanUps.push(() => context.close());
      return context;
    }

    /** Creates a dispatch that runs at once, behind the back of pages. */
    async function createMeanwhile({ address }: DispatchService): Promise<void> {
      await using client = new DispatchClient({ address, ...credentials });
      await client.create({ microgridId: 1, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } });
    }

    /** Starts a dispatcher in a page, and waits until it is live. */
    async function follow(page: Page, connecting: Connecting): Promise<void> {
      await page.evaluate(options => program.follow(options), connecting);
      await expect.poll(() => page.evaluate(() => program.state())).toBe('live');
    }

    const said = (page: Page) => page.evaluate(() => program.said());

    it('follows the service, with signed calls from another origin', async () => {
      const { webUrl: url = '' } = await serve();
      const page = await openPage();
      await follow(page, { url, ...credentials });
      const id = await page.evaluate(options => program.create(options, 'CHARGE'), { url, ...credentials });
      expect(id).toBe(1);
      await expect.poll(() => said(page)).toEqual(['1 created', '1 started by update']);
      expect(await page.evaluate(() => program.problems())).toEqual([]);
    });

    it('goes on after the service was killed and started again', async () => {
      const service = await serve();
      const { webUrl: url = '' } = service;
      const page = await openPage();
      await follow(page, { url, ...credentials });
      await page.evaluate(options => program.create(options, 'CHARGE'), { url, ...credentials });
      await expect.poll(() => said(page)).toHaveLength(2);
      await service.stop();
      await expect.poll(() => page.evaluate(() => program.states())).toContain('waiting');
      // It kept its dispatches in memory: the new one has none.
      await serve(new URL(url).host);
      await expect
        .poll(async () => (await said(page)).slice(2), { timeout: 20_000 })
        .toEqual(['1 deleted', '1 stopped by delete']);
    });

    it('leaves connections for calls, however many tabs follow a service', async () => {
      const { webUrl: url = '' } = await serve();
      const context = await newContext(browser());
      const pages: Page[] = [];
      for (let tab = 1; tab <= 7; tab += 1) {
        const page = await openPage(context);
        await follow(page, { url, ...credentials });
        pages.push(page);
      }
      const polling = await Promise.all(pages.map(page => page.evaluate(() => program.isPolling())));
      expect(polling).toEqual([false, false, false, false, true, true, true]);
      const create = (page: Page | undefined) =>
        page?.evaluate(options => program.create(options, 'CHARGE'), { url, ...credentials });
      expect(await create(pages[0])).toBe(1);
      expect(await create(pages[6])).toBe(2);
    });

    it('says why a call may have no connection when tabs have taken all', async () => {
      const { webUrl: url = '' } = await serve();
      const context = await newContext(browser());
      const alone = { url, acrossTabs: false, ...credentials };
      for (let tab = 1; tab <= 6; tab += 1) {
        const page = await openPage(context);
        await page.evaluate(options => program.follow(options), alone);
        if (tab < 6) await expect.poll(() => page.evaluate(() => program.state())).toBe('live');
      }
      const page = await openPage(context);
      await expect
        .poll(() => page.evaluate(options => program.create(options, 'CHARGE'), alone), { timeout: 20_000 })
        .toBe(
          `DEADLINE_EXCEEDED: no result within 3000 ms; without HTTPS a browser has six connections to ${new URL(url).host} for all its tabs, which others may have`,
        );
    });

    it('says what a page is told of a service that does not allow it', async () => {
      const { webUrl: url = '' } = await serve('127.0.0.1:0', ['https://console.example']);
      const page = await openPage();
      const refused = await page.evaluate(options => program.create(options, 'CHARGE'), { url, ...credentials });
      expect(refused).toMatch(/^UNAVAILABLE: no connection to http:.* \(Failed to fetch\); the service must be there/);
      expect(refused).toContain(`and the origin ${served.origin} be allowed`);
    });

    it('has one dispatcher at a time for a store, in two tabs, and goes on where the first one was', async () => {
      const { webUrl: url = '' } = await serve();
      const context = await newContext(browser());
      const [first, second] = [await openPage(context), await openPage(context)];
      const connecting = { url, ...credentials, store: 'dispatches' };
      await follow(first, connecting);
      await first.evaluate(options => program.create(options, 'CHARGE'), connecting);
      await expect.poll(() => said(first)).toHaveLength(2);
      await expect(second.evaluate(options => program.follow(options), connecting)).rejects.toThrow(
        'dispatches is in use by another tab',
      );
      await first.evaluate(() => program.stop());
      await follow(second, connecting);
      // It knows the dispatch, and that its run was announced.
      await expect.poll(() => said(second)).toEqual(['1 started by restore']);
      await first.close();
    });

    it('frees a store when its tab is closed', async () => {
      const { webUrl: url = '' } = await serve();
      const context = await newContext(browser());
      const [first, second] = [await openPage(context), await openPage(context)];
      const connecting = { url, ...credentials, store: 'dispatches' };
      await follow(first, connecting);
      await first.close();
      await expect
        .poll(() => second.evaluate(options => program.follow(options).then(() => 'begun', String), connecting))
        .toBe('begun');
    });

    it('goes on when the browser is online again', async () => {
      const service = await serve();
      const { webUrl: url = '' } = service;
      const context = await newContext(browser());
      const page = await openPage(context);
      await follow(page, { url, ...credentials });
      await context.setOffline(true);
      await expect.poll(() => page.evaluate(() => program.state())).not.toBe('live');
      await createMeanwhile(service);
      await context.setOffline(false);
      await expect.poll(() => said(page), { timeout: 20_000 }).toEqual(['1 created', '1 started by update']);
    });

    it('goes on when it was frozen, and hears what happened meanwhile', async () => {
      const service = await serve();
      const { webUrl: url = '' } = service;
      const page = await openPage();
      await follow(page, { url, ...credentials });
      const session = await page.context().newCDPSession(page);
      await session.send('Page.setWebLifecycleState', { state: 'frozen' });
      await createMeanwhile(service);
      await session.send('Page.setWebLifecycleState', { state: 'active' });
      await expect.poll(() => said(page), { timeout: 20_000 }).toEqual(['1 created', '1 started by update']);
    });

    it('goes on when the page comes out of the back-forward cache', async () => {
      const service = await serve();
      const { webUrl: url = '' } = service;
      const page = await openPage();
      await follow(page, { url, acrossTabs: false, ...credentials });
      await page.goto(`${served.url}elsewhere`);
      await createMeanwhile(service);
      await page.goBack({ waitUntil: 'commit' });
      // The program was not begun anew: it has its states from before.
      expect(await page.evaluate(() => program.states())).toContain('live');
      await expect.poll(() => said(page), { timeout: 20_000 }).toEqual(['1 created', '1 started by update']);
    });

    describe.runIf(isLong)('a store of a dispatcher in its IndexedDB', () => {
      let page: Page;

      beforeAll(async () => {
        page = await (await browser().newContext()).newPage();
        await page.goto(served.url);
        await page.waitForFunction('window.program');
      });

      afterAll(() => page.context().close());

      testDispatcherStore(async () => placeInPage(page));
    });

    const seed = Number(process.env.ORACLE_SEED ?? Date.now() % 2 ** 31);
    const sequences = isLong ? 1_000 : 100;
    it(`says what it says in Node.js, and what the oracle says (ORACLE_SEED=${seed}, ${sequences} sequences)`, async () => {
      const page = await openPage();
      const [inPage, inNode] = await Promise.all([
        page.evaluate(options => program.checkSequences(options), { seed, sequences }),
        checkSequences({ seed, sequences }),
      ]);
      expect(inNode.length).toBeGreaterThan(sequences);
      expect(inPage).toEqual(inNode);
    });
  },
  withBackForwardCache,
);
