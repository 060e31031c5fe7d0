import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { postgresPlace, sqlitePlace } from '../support/stores.js';
import { killService } from './killedService.js';
import { newSeed } from './random.js';

// `npm run faults` kills many more.
const plan = { kills: 3, seed: newSeed(), writers: 8 };

describe(`a service that is killed amid writes (seed ${plan.seed})`, () => {
  it('keeps in a file what it has acknowledged, and nothing else', async () => {
    await using place = sqlitePlace();
    const { acknowledged } = await killService(place, plan);
    expect(acknowledged).toBeGreaterThan(0);
  });
});

describeWithPostgres(`a service that is killed amid writes (seed ${plan.seed})`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('keeps in PostgreSQL what it has acknowledged, and nothing else', async () => {
    await using place = await postgresPlace(postgres);
    const { acknowledged } = await killService(place, plan);
    expect(acknowledged).toBeGreaterThan(0);
  });
});
