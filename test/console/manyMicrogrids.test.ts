import { expect, it } from 'vitest';
import { DispatchClient } from '../../src/index.js';
import { startDispatchService } from '../../src/service/index.js';
import { describeWithChromium } from '../support/describeWithChromium.js';
import { builtConsole } from './builtConsole.js';
import { openConsole } from './openConsole.js';

describeWithChromium('the console of many microgrids, over HTTP/1.1', browser => {
  it('leaves the browser connections for calls: those without a stream are listed from time to time', async () => {
    await builtConsole();
    const service = await startDispatchService({ web: { console: true } });
    try {
      await using client = new DispatchClient({ address: service.address });
      for (let microgridId = 1; microgridId <= 8; microgridId += 1) {
        await client.create({ microgridId, type: 'CHARGE', startTime: 'NOW', selector: { ids: [5] } });
      }
      await using console = await openConsole(browser(), service.webUrl ?? '', null);
      const open = async (page: typeof console.page, id: number) => {
        await page.getByLabel('Id of a microgrid').fill(String(id));
        await page.keyboard.press('Enter');
        await page.getByRole('button', { name: `Microgrid ${id} live` }).waitFor();
      };
      for (let id = 1; id <= 7; id += 1) await open(console.page, id);
      const other = await console.page.context().newPage();
      await other.goto(service.webUrl ?? '');
      await open(other, 8);
      await other.getByRole('tab', { name: 'Dispatcher' }).click();
      await other.getByText('live (polling)').waitFor();
      await other.getByText('It is read every 30 s').waitFor();
      // It grows older while nothing is read.
      await other.getByRole('button', { name: /^Microgrid 8 live, read 2s ago$/ }).waitFor();
      await other.getByRole('button', { name: /^Microgrid 8 live, read 4s ago$/ }).waitFor();
      await other.getByText(/ \d\d:\d\d:\d\d, read \d+s ago$/).waitFor();
      await console.page.getByRole('button', { name: 'Microgrid 1 live', exact: true }).waitFor();
      expect(console.faults).toEqual([]);
    } finally {
      await service.stop();
    }
  });
});
