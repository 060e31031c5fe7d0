import { expect, it } from 'vitest';
import { describeInDatabases, describeInMemory, type NewPlace } from './databases.js';
import { credentials, startService } from './follower.js';
import { PythonClient } from './pythonClient.js';

const name = 'a Python client whose service is restarted and keeps dispatches';
describeInMemory(name, describeRestart);
describeInDatabases(name, newPlace => {
  describeRestart(newPlace);
  describeKept(newPlace);
});

function describeRestart(newPlace: NewPlace): void {
  it('goes on hearing of changes', async () => {
    await using place = await newPlace();
    await using python = new PythonClient();
    const { port } = await (async () => {
      await using service = await startService(place.database);
      await python.connect({ address: service.address, ...credentials });
      await python.watch(1);
      await python.awaitStream(1);
      return service;
    })();
    await using service = await startService(place.database, port);
    expect(service.port).toBe(port);
    await python.awaitStream(1);
    const created = await python.create();
    expect(await python.receive(1)).toEqual([{ event: 'CREATED', dispatch: created }]);
  });
}

function describeKept(newPlace: NewPlace): void {
  it('finds what it made', async () => {
    await using place = await newPlace();
    await using python = new PythonClient();
    const kept = await (async () => {
      await using service = await startService(place.database);
      await python.connect({ address: service.address, ...credentials });
      return await python.create({ payload: { setpoint: 1 } });
    })();
    await using service = await startService(place.database);
    await python.connect({ address: service.address, ...credentials });
    expect(await python.get(kept.id)).toEqual(kept);
    const created = await python.create();
    expect(created.id).toBeGreaterThan(kept.id);
    expect(await python.list()).toEqual([[created.id, kept.id]]);
  });
}
