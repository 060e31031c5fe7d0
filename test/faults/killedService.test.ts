import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { postgresPlace, sqlitePlace } from '../support/stores.js';
import { killService } from './killedService.js';

const plan = { kills: 20, seed: 1, writers: 8 };

describe('a service that is killed amid writes', () => {
  it('keeps in a file what it has acknowledged, and nothing else', async () => {
    await using place = sqlitePlace();
    const { acknowledged } = await killService(place, plan);
    expect(acknowledged).toBeGreaterThan(plan.kills);
  }, 300_000);
});

describeWithPostgres('a service that is killed amid writes', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('keeps in PostgreSQL what it has acknowledged, and nothing else', async () => {
    await using place = await postgresPlace(postgres);
    const { acknowledged } = await killService(place, { ...plan, kills: 5 });
    expect(acknowledged).toBeGreaterThan(5);
  }, 300_000);
});
