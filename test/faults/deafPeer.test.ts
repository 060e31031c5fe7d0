import { expect, it } from 'vitest';
import { sqlitePlace } from '../support/stores.js';
import { ignoreChanges } from './deafPeer.js';

it('a peer that does not read costs no more memory the more changes there are, and holds up no other', async () => {
  await using place = sqlitePlace();
  const { received, receivedLate, grownBytes } = await ignoreChanges(place, 10_000);
  expect(received).toBe(10_000);
  expect(receivedLate).toBeLessThan(5_000);
  // Of 10 MB that it was sent.
  expect(grownBytes).toBeLessThan(5_000_000);
}, 110_000);
