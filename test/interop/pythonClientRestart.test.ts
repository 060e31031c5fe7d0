import { expect, it } from 'vitest';
import { describeInFile, describeInMemory, describeInPostgres, type NewPlace } from './databases.js';
import { credentials, startService } from './follower.js';
import { PythonClient } from './pythonClient.js';

const name = 'a Python client whose service is restarted and keeps dispatches';
describeInMemory(name, newPlace => {
  it('hears that it stops, and goes on hearing of changes', () => restart(newPlace, { finds: false }));
});
for (const describeInDatabase of [describeInFile, describeInPostgres])
  describeInDatabase(name, newPlace => {
    it('hears that it stops, goes on hearing of changes, and finds what it made', () =>
      restart(newPlace, { finds: true }));
  });

async function restart(newPlace: NewPlace, { finds }: { finds: boolean }): Promise<void> {
  await using place = await newPlace();
  await using python = new PythonClient();
  const { port, made } = await (async () => {
    await using service = await startService(place.database);
    await python.connect({ address: service.address, ...credentials });
    const made = await python.create({ payload: { setpoint: 1 } });
    await python.watch(1);
    await python.awaitStream(1);
    await python.openStream('at the end', 2);
    return { port: service.port, made };
  })();
  // With OK the Python client would never open its stream again.
  await expect(python.readStream('at the end', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await using service = await startService(place.database, port);
  expect(service.port).toBe(port);
  await python.awaitStream(1);
  const created = await python.create();
  expect(await python.receive(1)).toEqual([{ event: 'CREATED', dispatch: created }]);
  const found = finds ? [made.id] : [];
  expect(await python.list({ filter_queries: ['INTEROP'] })).toEqual([[created.id, ...found]]);
  for (const id of found) expect(await python.get(id)).toEqual(made);
}
