import { afterAll, beforeAll, expect, it } from 'vitest';

import { DispatchClient } from '../../../src/index.js';
import { type DispatchService, startDispatchService } from '../../../src/service/index.js';
import { describeWithChromium } from '../../support/describeWithChromium.js';
import { keysFile } from '../../support/keysFile.js';
import { builtConsole } from '../builtConsole.js';
import { openConsole } from '../openConsole.js';

const operator = {
  name: 'operator',
  key: 'key-of-operator',
  secret: 'secret-of-operator',
  microgrids: [1],
  audit: true,
};

describeWithChromium('planning on a real service, over HTTP', browser => {
  const keys = keysFile([operator]);
  let service: DispatchService;
  let client: DispatchClient;
  beforeAll(async () => {
    await builtConsole();
    service = await startDispatchService({ keys: keys.path, web: { console: true } });
    const { address } = service;
    client = new DispatchClient({ address, authKey: operator.key, signSecret: operator.secret });
  });
  afterAll(async () => {
    client.close();
    await service.stop();
    keys[Symbol.dispose]();
  });

  it('creates, changes beside another client, pauses, deletes, and undoes; the audit has the notes', async () => {
    await using console = await openConsole(browser(), service.webUrl ?? '', null);
    const { page } = console;
    const microgrid = client.forMicrogrid(1);
    const form = page.locator('.plan-form');
    const field = (label: string) => form.getByLabel(label, { exact: true });
    const press = (name: string) =>
      page.locator('.toolbar, .tab-panel, .plan-form, .planner-bar').getByRole('button', { name, exact: true }).click();
    const news = (text: string | RegExp) => page.locator('.planner-bar').getByText(text).waitFor();
    await page.getByLabel('Key').fill(operator.key);
    await page.getByLabel('Secret').fill(operator.secret);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Microgrid 1 live' }).waitFor();

    await press('New dispatch …');
    await field('Type').fill('CHARGE');
    await field('Components').fill('BATTERY');
    await field('Start').fill('in 1h');
    await field('Note').fill('planned in the console');
    await press('Preview');
    await press('Save');
    await news('Dispatch 1 is created.');
    expect(await microgrid.get(1)).toMatchObject({ type: 'CHARGE', durationMs: 3_600_000 });

    await page.getByRole('button', { name: 'Table' }).click();
    await page
      .getByRole('button', { name: /^1 CHARGE/ })
      .first()
      .click();
    await press('Change …');
    await field('Duration').fill('2h');
    await microgrid.update(1, { durationMs: 600_000, payload: { kw: 5 } });
    await press('Keep mine: Duration');
    await press('Preview');
    await press('Save');
    await news('Dispatch 1 is changed.');
    expect(await microgrid.get(1)).toMatchObject({ durationMs: 7_200_000, payload: { kw: 5 } });

    await press('Pause');
    await news('Dispatch 1 is paused.');
    await press('Delete');
    await news('Dispatch 1 is deleted.');
    await press('Undo the deletion of dispatch 1');
    await news(/dispatch 1 is there again as dispatch 2/);
    await press('Undo the pause of dispatch 1');
    await news('Undone: the pause of dispatch 1.');
    await press('Undo the change of dispatch 1');
    await news('Undone: the change of dispatch 1.');
    expect(await microgrid.get(2)).toMatchObject({ active: true, durationMs: 600_000, payload: { kw: 5 } });
    const notes: (string | null)[] = [];
    for await (const { note } of microgrid.audit({ oldestFirst: true })) notes.push(note);
    expect(notes).toEqual([
      'planned in the console',
      null,
      null,
      null,
      null,
      'undo: deletion of dispatch 1',
      'undo: pause of dispatch 1',
      'undo: change of dispatch 1',
    ]);
    expect(console.faults).toEqual([]);
  });
});
