import { expect, it } from 'vitest';
import { describeWithPostgres } from '../support/describeWithPostgres.js';
import { failPrimary } from './failedPrimary.js';

describeWithPostgres('services whose primary fails amid writes', () => {
  it('lose nothing, and end no stream, when the standby has all that was confirmed', async () => {
    const { lost, reopened } = await failPrimary({ seed: 1, writes: 400, streams: 8, synchronous: true });
    expect([lost, reopened]).toEqual([0, 0]);
  });

  it('lead streams and dispatchers to what a standby has that lagged', async () => {
    const { lost, reopened } = await failPrimary({ seed: 1, writes: 400, streams: 8, synchronous: false });
    expect(lost).toBeGreaterThan(0);
    expect(reopened).toBeGreaterThan(0);
  });
});
