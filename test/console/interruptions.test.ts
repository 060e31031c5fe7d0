// What happens to services, networks and computers while the console is open, in Chromium.
import { expect, it } from 'vitest';
import { DispatchClient } from '../../src/index.js';
import { create, describeOperation, event } from './operation.js';

const minuteMs = 60_000;
/** What the log of a browser says by itself of requests that do not get through. */
const lostRequest = /Failed to load resource|^failed: |ERR_INTERNET_DISCONNECTED/;

describeOperation('the console', operation => {
  it('goes on while the service is killed, and while the network is away, and catches up', async () => {
    await using console = await operation.open();
    const { page } = console;
    const id = await create(page, { Type: 'COOL', Components: '7', Start: 'in 6s', Duration: '1h' });
    await operation.kill();
    await page.getByRole('button', { name: /Microgrid 1 (no connection|connecting)/ }).waitFor();
    // By the machines in the page.
    await event(page, 'started', `${id} COOL`);
    await page.reload();
    await page.getByRole('button', { name: /Microgrid 1 (no connection|connecting)/ }).waitFor();
    await operation.restart();
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    await event(page, 'started', `${id} COOL`);

    await page.context().setOffline(true);
    await page.getByRole('button', { name: /Microgrid 1 (no connection|connecting)/ }).waitFor();
    await using client = new DispatchClient({ address: operation.address() });
    const meanwhile = await client.create({ microgridId: 1, type: 'VENT', startTime: 'NOW', selector: { ids: [8] } });
    await page.context().setOffline(false);
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    await event(page, 'started', `${meanwhile.id} VENT`);
    expect(console.faults.filter(fault => !lostRequest.test(fault))).toEqual([]);
  });

  it('finds what a tab has missed that was hidden and asleep for an hour', async () => {
    await using client = new DispatchClient({ address: operation.address() });
    const at = (minutes: number) => new Date(Date.now() + minutes * minuteMs);
    const plan = { microgridId: 1, selector: { ids: [9] } } as const;
    const passed = await client.create({ ...plan, type: 'PASSED', startTime: at(20), durationMs: 10 * minuteMs });
    const present = await client.create({ ...plan, type: 'PRESENT', startTime: at(50), durationMs: 30 * minuteMs });
    await using console = await operation.open({ prepare: page => page.clock.install() });
    const { page } = console;
    const session = await page.context().newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await page.clock.fastForward('01:00:00');
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await event(page, 'missed', `${passed.id} PASSED`);
    await event(page, 'started', `${present.id} PRESENT`);
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();
    await page.getByText(/The clock of the service is (1h|59m|1h \w+).* behind/).waitFor();
    expect(console.faults).toEqual([]);
  });
});
