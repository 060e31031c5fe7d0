import { expect, it } from 'vitest';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { startCli } from '../support/startCli.js';
import { builtConsole } from './builtConsole.js';
import { openConsole } from './openConsole.js';

describeWithChromium('the console of the demo', browser => {
  it('shows an hour at first, in which what the demo makes is a bar', async () => {
    await builtConsole();
    await using demo = startCli(['demo', '--console', '--no-open']);
    let link: string | undefined;
    while (link === undefined) [link] = /http:\S+#code=\S+/.exec(await demo.line()) ?? [];
    await using console = await openConsole(browser(), link, null);
    const { page } = console;
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    expect(await page.getByRole('button', { name: 'Show 1 h', pressed: true }).count()).toBe(1);
    await page.locator('.lane-names').getByText('CHARGE', { exact: true }).waitFor();
    await page.getByRole('region', { name: /^Timeline of 1 lanes/ }).focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.locator('.tip').getByText('1 CHARGE').waitFor();
    expect(console.faults).toEqual([]);
  });
});
