import { afterAll, beforeAll } from 'vitest';
import { openPostgresStore } from '../../src/service/sql/openPostgresStore.js';
import { describeWithPostgres, startPostgres, type TestPostgres } from '../support/postgres.js';
import { describeStore } from './storeConformance.js';

describeWithPostgres('PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  describeStore('openPostgresStore', async nowUs => openPostgresStore(await postgres.createDatabase(), { nowUs }));
});
