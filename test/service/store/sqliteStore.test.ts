import { readFile, utimes, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { startDispatchService } from '../../../src/service/index.js';
import { creation } from '../../support/dispatchRow.js';
import { sqlitePlace } from '../../support/stores.js';
import { describeDatabase } from './describeDatabase.js';
import { describeStore } from './storeConformance.js';

describeStore('openSqliteStore', async nowUs => {
  const place = sqlitePlace();
  const store = await place.open({ nowUs });
  return {
    ...store,
    async close() {
      await store.close();
      await place[Symbol.asyncDispose]();
    },
  };
});

describeDatabase('openSqliteStore over restarts', sqlitePlace);

it('a service refuses a file that is damaged, and leaves it as it is', async () => {
  await using place = sqlitePlace();
  const store = await place.open();
  for (let count = 0; count < 20; count += 1) await store.apply(1, creation({ message: new Uint8Array(5_000) }));
  await store.close();
  await place.execute('PRAGMA wal_checkpoint(TRUNCATE)');
  const bytes = await readFile(place.database);
  bytes.fill(0xff, 8192, bytes.length - 4096);
  await writeFile(place.database, bytes);
  // File systems tell times in ticks of some milliseconds, and this may be the one in which it was closed.
  await utimes(place.database, new Date(), new Date(Date.now() + 1_000));
  await expect(startDispatchService({ database: place.database })).rejects.toMatchObject({ code: 'DATA_LOSS' });
  expect(await readFile(place.database)).toEqual(bytes);
});
