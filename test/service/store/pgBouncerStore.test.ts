import { afterAll, beforeAll } from 'vitest';
import { describeWithPgBouncer, startPgBouncer, type TestPgBouncer } from '../../support/pgBouncer.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { postgresPlace, type StorePlace } from '../../support/stores.js';
import { describeDatabase } from './describeDatabase.js';
import { describeStore } from './storeConformance.js';

describeWithPgBouncer('PostgreSQL behind PgBouncer', () => {
  let postgres: TestPostgres;
  let pooler: TestPgBouncer;
  beforeAll(async () => {
    postgres = await startPostgres();
    pooler = await startPgBouncer(postgres);
  });
  afterAll(async () => {
    await pooler[Symbol.asyncDispose]();
    await postgres[Symbol.asyncDispose]();
  });

  const newPlace = (): Promise<StorePlace> => postgresPlace(postgres, pooler.through);

  describeStore('openPostgresStore', async nowUs => (await newPlace()).open({ nowUs }));

  describeDatabase('openPostgresStore over restarts', newPlace);
});
