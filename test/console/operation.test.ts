// What an operator does at the console of a real service, in Chromium.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { seriousFindings } from './axe.js';
import { press, tabTo } from './keyboard.js';
import { create, describeOperation, event, news } from './operation.js';

describeOperation('an operator at the console', operation => {
  /** Waits for a row of the table of runs. */
  const state = (page: Page, id: number, text: string) =>
    page
      .getByRole('row')
      .filter({ has: page.getByRole('button', { name: new RegExp(`^${id} `) }) })
      .filter({ hasText: text })
      .first()
      .waitFor();

  it('plans by the keyboard alone; sees a run start and stop by the schedule, and one that is reconfigured and deleted; takes a deletion back', async () => {
    await using console = await operation.open();
    const { page } = console;
    await tabTo(page, /^Table/);
    await page.keyboard.press('Enter');
    const short = await create(page, { Type: 'HEAT', Components: '5', Start: 'in 4s', Duration: '2s' });
    await event(page, 'started', `${short} HEAT`);
    await event(page, 'stopped', `${short} HEAT`);
    await state(page, short, 'delivered');

    const long = await create(page, { Type: 'CHARGE', Components: 'BATTERY', Start: 'now', Duration: '1h' });
    await event(page, 'started', `${long} CHARGE`);
    await state(page, long, 'running');
    await tabTo(page, `${long} CHARGE`);
    await page.keyboard.press('Enter');
    await tabTo(page, 'Change …');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Payload');
    await press(page, '{"kw": }');
    await tabTo(page, 'Preview');
    await page.keyboard.press('Enter');
    await page.getByText('Not right yet: Payload.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await tabTo(page, 'Payload');
    await press(page, '{"kw": 8}');
    await tabTo(page, 'Preview');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Save');
    await page.keyboard.press('Enter');
    await news(page, `Dispatch ${long} is changed.`);
    await event(page, 'reconfigured', `${long} CHARGE`);

    await tabTo(page, 'Delete');
    await page.keyboard.press('Enter');
    await news(page, `Dispatch ${long} is deleted.`);
    await event(page, 'stopped', `${long} CHARGE`);

    const planned = await create(page, { Type: 'VENT', Components: '8', Start: 'in 2h', Duration: '1h' });
    await state(page, planned, 'planned');
    await tabTo(page, `${planned} VENT`);
    await page.keyboard.press('Enter');
    await tabTo(page, 'Delete');
    await page.keyboard.press('Enter');
    await news(page, `Dispatch ${planned} is deleted.`);
    await tabTo(page, `Undo the deletion of dispatch ${planned}`);
    await page.keyboard.press('Enter');
    await news(page, new RegExp(`dispatch ${planned} is there again as dispatch \\d+`));
    expect(await seriousFindings(page)).toEqual([]);
    expect(console.faults).toEqual([]);
  });
});
