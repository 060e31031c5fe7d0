import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { postgresPlace, type StorePlace, sqlitePlace } from '../support/stores.js';
import { sendMalformed } from './malformedRequests.js';
import { newSeed } from './random.js';

// `npm run faults` sends many more.
const seed = newSeed();

describe(`a service that is sent malformed requests (seed ${seed})`, () => {
  it('refuses them, keeps in a file what it accepted, and nothing else', () => survive(sqlitePlace(), 400));
});

describeWithPostgres(`a service that is sent malformed requests (seed ${seed})`, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  it('refuses them, keeps in PostgreSQL what it accepted, and nothing else', async () => {
    await survive(await postgresPlace(postgres), 200);
  });
});

async function survive(newPlace: StorePlace, requests: number): Promise<void> {
  await using place = newPlace;
  const { changes, usedBytes } = await sendMalformed(place, { requests, seed });
  expect(changes).toBeGreaterThan(30);
  expect(usedBytes.after - usedBytes.before).toBeLessThan(5_000_000);
}
