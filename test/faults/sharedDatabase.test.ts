import { expect, it } from 'vitest';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { startPostgres } from '../support/postgres.js';
import { postgresPlace } from '../support/stores.js';
import { shareDatabase } from './sharedDatabase.js';

describeWithPostgres('two services on one PostgreSQL', () => {
  it('feed all streams the change log, though one is killed and their listening connections are cut', async () => {
    await using postgres = await startPostgres();
    await using place = await postgresPlace(postgres);
    const { changes, streams, received } = await shareDatabase(place, { seed: 1, writes: 300, streams: 3 });
    expect(changes).toBeGreaterThanOrEqual(300);
    // Those of the killed service were opened twice.
    expect(streams).toBe(9);
    expect(received).toBeGreaterThan(changes);
  });
});
