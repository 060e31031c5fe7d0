import { afterAll, beforeAll } from 'vitest';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { postgresPlace } from '../../support/stores.js';
import { describeDatabase } from './describeDatabase.js';
import { describeStore } from './storeConformance.js';

describeWithPostgres('PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  describeStore('openPostgresStore', async nowUs => (await postgresPlace(postgres)).open({ nowUs }));

  describeDatabase('openPostgresStore over restarts', () => postgresPlace(postgres));
});
