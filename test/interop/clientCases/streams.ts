import { describe, expect, it } from 'vitest';
import type { ClientTest } from './clientTest.js';

/** Streams, by the Python client and by its stub, which tells when they are open. */
export function describeStreams(test: () => ClientTest): void {
  describe('streams', () => {
    it('hear of changes in their order', async () => {
      const { python } = test();
      await python.watch(3);
      await python.awaitStream(3);
      const created = await python.create({}, 3);
      const updated = await python.update(created.id, { duration: 60 }, 3);
      await python.delete(created.id, 3);
      const events = await python.receive(3);
      const update_time = events[2]?.dispatch.update_time;
      expect(events).toEqual([
        { event: 'CREATED', dispatch: created },
        { event: 'UPDATED', dispatch: updated },
        { event: 'DELETED', dispatch: { ...updated, update_time } },
      ]);
      expect(String(update_time) > updated.update_time).toBe(true);
    });

    it('have headers at once, though nothing happens', async () => {
      const { python } = test();
      expect(await python.openStream('silent', 30)).toContain('change-log-position');
      await python.closeStream('silent');
    });

    it('tell nothing of what was before', async () => {
      const { python } = test();
      const old = await python.create({}, 31);
      await python.openStream('fresh', 31);
      const { update_time } = await python.update(old.id, { active: false }, 31);
      expect(await python.readStream('fresh', 1)).toMatchObject([{ event: 'UPDATED', dispatch: { update_time } }]);
      await python.closeStream('fresh');
    });

    it('hear the same, each of them, in the order of the changes', async () => {
      const { python, ours } = test();
      const names = ['first', 'second', 'third'];
      for (const name of names) await python.openStream(name, 32);
      const others = ours.forMicrogrid(32);
      const made = await Promise.all(
        Array.from({ length: 20 }, () => others.create({ type: 'MANY', startTime: 'NOW', selector: { ids: [1] } })),
      );
      await Promise.all(made.map(({ id }) => others.update(id, { active: false })));
      await Promise.all(made.map(({ id }) => others.delete(id)));
      const heard = [];
      for (const name of names) heard.push(await python.readStream(name, 60));
      const times = heard[0]?.map(({ dispatch }) => dispatch.update_time) ?? [];
      expect(times).toEqual([...times].sort());
      expect(heard[0]?.map(({ event }) => event)).toEqual(
        ['CREATED', 'UPDATED', 'DELETED'].flatMap(event => Array(20).fill(event)),
      );
      expect(heard).toEqual([heard[0], heard[0], heard[0]]);
      for (const name of names) await python.closeStream(name);
    });

    it('hear nothing of another microgrid', async () => {
      const { python } = test();
      await python.openStream('here', 33);
      const elsewhere = await python.create({}, 34);
      await python.delete(elsewhere.id, 34);
      const here = await python.create({}, 33);
      expect(await python.readStream('here', 1)).toEqual([{ event: 'CREATED', dispatch: here }]);
      await python.closeStream('here');
    });

    it('hear nothing of what is refused or changes nothing', async () => {
      const { python } = test();
      const old = await python.create({}, 35);
      await python.openStream('strict', 35);
      await expect(python.create({ target: { ids: [] } }, 35)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await python.update(old.id, {}, 35);
      await expect(python.update(old.id, { 'recurrence.byhours': [6] }, 35)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      await expect(python.delete(999_999_999, 35)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await python.delete(old.id, 35);
      expect(await python.readStream('strict', 1)).toMatchObject([{ event: 'DELETED', dispatch: { id: old.id } }]);
      await python.closeStream('strict');
    });

    it('that are closed and opened again go on from then', async () => {
      const { python } = test();
      await python.openStream('again', 36);
      const first = await python.create({}, 36);
      expect(await python.readStream('again', 1)).toEqual([{ event: 'CREATED', dispatch: first }]);
      await python.closeStream('again');
      await python.create({}, 36);
      await python.openStream('again', 36);
      const third = await python.create({}, 36);
      expect(await python.readStream('again', 1)).toEqual([{ event: 'CREATED', dispatch: third }]);
      await python.closeStream('again');
    });
  });
}
