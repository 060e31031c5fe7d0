import type { Dialog, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { describeWithChromium } from '../support/describeWithChromium.js';
import { dispatchRecord, monday10Ms } from '../support/dispatchRecord.js';
import { openConsole, type ServedConsole, serveConsole } from './openConsole.js';
import type { TestSetup } from './testSetup.js';

describeWithChromium('the microgrids of the console', browser => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const dispatches = [1, 2].map(microgridId => dispatchRecord({ id: microgridId, microgridId }));
  const open = (facts: NonNullable<TestSetup['facts']>) =>
    openConsole(browser(), served.url, { nowMs: monday10Ms, dispatches, facts });
  const idField = (page: Page) => page.getByLabel('Id of a microgrid');
  const openId = async (page: Page, text: string) => {
    await idField(page).fill(text);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
  };
  const ids = (page: Page) =>
    page.evaluate('testConsole.actor.getSnapshot().context.microgrids.map(({ id }) => id)') as Promise<number[]>;
  const shown = (page: Page, id: number) =>
    page.getByRole('button', { name: new RegExp(`^Microgrid ${id} `), pressed: true }).waitFor();

  it('are opened by an id in digits, which is asked for where none is open, and closed', async () => {
    await using console = await open({ microgrids: 'all', openFirst: [] });
    const { page } = console;
    await page.getByText('No microgrid is open: open one by its id.').waitFor();
    await page.getByRole('button', { name: 'New dispatch …' }).click();
    expect(await idField(page).evaluate(element => element === element.ownerDocument.activeElement)).toBe(true);
    for (const text of ['1e0', '0x1', '-1', '1.5', '', '99999999999999999999']) {
      await openId(page, text);
      await page.getByText('The id of a microgrid is a whole number in digits').waitFor();
      expect(await ids(page)).toEqual([]);
    }
    await openId(page, '1');
    await openId(page, ' 2 ');
    await shown(page, 2);
    await openId(page, '1');
    await shown(page, 1);
    await page.getByRole('button', { name: 'Close microgrid 1' }).click();
    await shown(page, 2);
    expect(await ids(page)).toEqual([2]);
    expect(console.faults).toEqual([]);
  });

  it('are not left with a form that was edited, unless that is wanted; nor is the page', async () => {
    await using console = await open({});
    const { page } = console;
    await shown(page, 1);
    const asked: string[] = [];
    let answer: (dialog: Dialog) => Promise<void> = dialog => dialog.dismiss();
    page.on('dialog', dialog => {
      asked.push(dialog.type());
      return answer(dialog);
    });
    const other = page.getByRole('button', { name: /^Microgrid 2 / });
    await page.getByRole('button', { name: 'New dispatch …' }).click();
    await page.getByRole('button', { name: 'Close the form' }).click();
    await page.locator('.plan-form').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'New dispatch …' }).click();
    await other.click();
    await shown(page, 2);
    expect(asked).toEqual([]);
    await page.getByRole('button', { name: 'New dispatch …' }).click();
    const type = page.locator('.plan-form').getByLabel('Type', { exact: true });
    await type.fill('HEAT');
    for (const name of [/^Microgrid 1 /, 'Close microgrid 2', 'Close the form', 'New dispatch …']) {
      await page.getByRole('button', { name }).click();
      expect(await type.inputValue()).toBe('HEAT');
    }
    await page.evaluate('setTimeout(() => location.reload())');
    await expect.poll(() => asked).toEqual(['confirm', 'confirm', 'confirm', 'confirm', 'beforeunload']);
    expect(await type.inputValue()).toBe('HEAT');
    answer = dialog => dialog.accept();
    await page.getByRole('button', { name: 'New dispatch …' }).click();
    await expect.poll(() => type.inputValue()).toBe('');
    await type.fill('HEAT');
    await page.getByRole('button', { name: 'Close the form' }).click();
    await page.locator('.plan-form').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'New dispatch …' }).click();
    await type.fill('HEAT');
    await page.getByRole('button', { name: /^Microgrid 1 / }).click();
    await shown(page, 1);
    expect(await page.locator('.plan-form').count()).toBe(0);
  });
});

describeWithChromium('the choices of the console', browser => {
  let served: ServedConsole;
  beforeAll(async () => {
    served = await serveConsole();
  });
  afterAll(() => served[Symbol.asyncDispose]());

  it('stay in one line with a key and two microgrids, and are printed dark on light, without buttons', async () => {
    const dispatches = [1, 2].map(microgridId => dispatchRecord({ id: microgridId, microgridId }));
    const setup = { nowMs: monday10Ms, dispatches, asksKey: true, facts: { keyName: 'operator' } };
    await using console = await openConsole(browser(), served.url, setup, { colorScheme: 'dark' });
    const { page } = console;
    await page.getByLabel('Key').fill('right');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Microgrid 2 live' }).waitFor();
    expect((await page.locator('header.bar').boundingBox())?.height).toBeLessThan(45);
    await page.evaluate(`testConsole.actor.send({ type: 'view.chosen', choices: { chosenId: 1 } })`);
    await page.getByRole('tabpanel').getByRole('button', { name: 'Pause' }).click();
    const undo = page.getByRole('button', { name: 'Undo the pause of dispatch 1' });
    await undo.waitFor();
    await page.emulateMedia({ media: 'print' });
    await undo.waitFor({ state: 'hidden' });
    expect(await page.getByRole('button', { name: 'Hide the news' }).count()).toBe(0);
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(27, 36, 48)');
  });

  it('tell why no event and no dispatch is shown', async () => {
    const setup = { nowMs: monday10Ms, dispatches: [dispatchRecord({ id: 1 })] };
    await using console = await openConsole(browser(), served.url, setup);
    const { page } = console;
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    await page.getByLabel('Search the events').fill('nothing such');
    await page.getByLabel('Show', { exact: true }).selectOption('runs');
    await page.getByText('No event matches “Show: runs” and “Search: nothing such”.').waitFor();
    await page.getByLabel('Filter by type').fill('#99');
    await page.getByText('No dispatch that is shown matches the filter “#99”.').waitFor();
  });

  it('can be read at every width of the window, also a zone with a long name', async () => {
    for (const timezoneId of ['Europe/Berlin', 'America/Argentina/Buenos_Aires']) {
      const facts = { keyName: 'operations' };
      const setup = { nowMs: monday10Ms, dispatches: [], facts };
      await using console = await openConsole(browser(), served.url, setup, { timezoneId });
      const { page } = console;
      await page.getByRole('button', { name: 'New dispatch …' }).click();
      await page.getByLabel('Repeats').click();
      for (const width of [320, 390, 700, 901, 1100, 1280, 1440, 1600]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await page.evaluate(cutChoices), `${timezoneId} at ${width}`).toEqual([]);
        const axisName = page.locator('.axis-name');
        await axisName.waitFor();
        expect(await axisName.evaluate(name => name.scrollWidth > name.clientWidth), `the axis at ${width}`).toBe(
          false,
        );
      }
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
  });
});

/** The labels of the choices that are narrower than what is chosen in them needs. */
const cutChoices = `[...document.querySelectorAll('select')].flatMap(select => {
  const free = select.cloneNode();
  free.append(select.selectedOptions[0].cloneNode(true));
  free.style.cssText = 'position: fixed; width: auto; max-width: none; font: inherit';
  select.parentNode.append(free);
  const wanted = free.offsetWidth;
  free.remove();
  return select.offsetWidth < wanted ? [select.labels[0].textContent] : [];
})`;
