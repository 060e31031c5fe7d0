import { sqlitePlace } from '../support/stores.js';
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
