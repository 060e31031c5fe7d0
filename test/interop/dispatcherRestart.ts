import { expect, it } from 'vitest';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { NewPlace } from './databases.js';
import {
  actorEntry,
  createDispatch,
  daily,
  eventInWords,
  hourMs,
  inWords,
  laterRun,
  startSetting,
} from './dispatcherSetting.js';
import { credentials, startService } from './follower.js';
import { fromNow } from './pythonDispatch.js';

/** What a Python dispatcher does when our service is restarted. */
export function describeRestart(newPlace: NewPlace): void {
  it('goes on, and hears of what was changed meanwhile', async () => {
    await using setting = await startSetting(newPlace);
    const { place, client, python } = setting;
    await python.start();
    const lifecycle = await python.lifecycle('KEPT');
    const running = await python.runningState('KEPT');
    const actors = await python.manage('KEPT');
    const steady = await createDispatch(client, 'KEPT', { payload: { setpoint: 1 } });
    expect(inWords(await running.next())).toBe(`${steady} starts`);
    expect(await actors.next()).toEqual(actorEntry(1, 'starts', { options: { setpoint: 1 } }));
    const ending = await createDispatch(client, 'KEPT', { ...daily, startTime: 'NOW', durationMs: 4000 });
    expect(inWords(await running.next())).toBe(`${ending} starts`);
    expect(await actors.next()).toMatchObject({ actor: 2, does: 'starts' });
    const changing = await createDispatch(client, 'KEPT', laterRun);
    const going = await createDispatch(client, 'KEPT', { active: false });
    expect((await lifecycle.take(4)).map(eventInWords)).toEqual(
      [steady, ending, changing, going].map(id => `Created ${id}`),
    );
    const before = await python.listed('KEPT');
    expect(await python.held('KEPT')).toEqual(before);

    const { port } = setting.service;
    await setting.service[Symbol.asyncDispose]();
    // A service on another port: what is changed there cannot fall between the dispatcher's list and its stream.
    const coming = await (async () => {
      await using elsewhere = await startService(place.database);
      await using there = new DispatchClient({ address: elsewhere.address, ...credentials });
      const other = there.forMicrogrid(1);
      await other.update(changing, { startTime: new Date(fromNow(2 * hourMs)) });
      await other.delete(going);
      return await createDispatch(other, 'KEPT', laterRun);
    })();
    expect(inWords(await running.next())).toBe(`${ending} stops`);
    expect(await actors.next()).toMatchObject({ actor: 2, does: 'stops' });
    expect(await python.held('KEPT')).toEqual(before);
    setting.service = await startService(place.database, port);
    await python.catchUp();

    const heard = (await lifecycle.rest()).map(eventInWords).sort();
    expect(heard).toEqual([`Created ${coming}`, `Deleted ${going}`, `Updated ${changing}`]);
    const after = await python.listed('KEPT');
    expect(after.map(({ id }) => id)).toEqual([steady, ending, changing, coming]);
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(await python.held('KEPT')).toEqual(after);

    await client.update(steady, { payload: { setpoint: 4 } });
    expect(await actors.next()).toEqual(actorEntry(1, 'is reconfigured', { options: { setpoint: 4 } }));
    await client.delete(steady);
    expect(await actors.rest()).toEqual([actorEntry(1, 'stops', { options: { setpoint: 4 } })]);
    expect((await running.rest()).map(inWords)).toEqual([`${steady} starts`, `${steady} stops`]);
    expect((await lifecycle.rest()).map(eventInWords)).toEqual([`Updated ${steady}`, `Deleted ${steady}`]);
    expect(await python.held('KEPT')).toEqual(await python.listed('KEPT'));
  });
}
