import { describe, it } from 'vitest';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { startPostgres } from '../support/postgres.js';
import { postgresPlace, sqlitePlace } from '../support/stores.js';
import { disturbBriefly } from './dispatchers/disturbBriefly.js';
import { ownService } from './dispatchers/ownService.js';
import { newSeed } from './random.js';

const seed = newSeed();

describe(`dispatchers whose connections fail (seed ${seed})`, () => {
  it('lose nothing and say nothing twice', async () => {
    await using place = sqlitePlace();
    await disturbBriefly(ownService(place.database), { faults: 200, lanes: 100, seed });
  });
});

describeWithPostgres(`dispatchers whose connections to a service on PostgreSQL fail (seed ${seed})`, () => {
  it('lose nothing and say nothing twice', async () => {
    await using postgres = await startPostgres();
    await using place = await postgresPlace(postgres);
    await disturbBriefly(ownService(place.database), { faults: 24, lanes: 24, seed });
  });
});
