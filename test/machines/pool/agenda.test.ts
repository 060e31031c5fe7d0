import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agenda, type AgendaEntry, type AgendaKind, notInAgenda } from '../../../machines/pool/agenda.js';

const kinds: AgendaKind[] = ['start', 'stop', 'forget'];
const operation = fc.record({
  id: fc.integer({ min: 0, max: 20 }),
  atMs: fc.integer({ min: 0, max: 5 }),
  kind: fc.constantFrom(...kinds, 'delete' as const),
});

function sorted(entries: Iterable<AgendaEntry>): AgendaEntry[] {
  return [...entries].sort((a, b) => a.atMs - b.atMs || kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.id - b.id);
}

describe('the agenda', () => {
  it('gives its entries by time, start before stop before forgetting, then id, whatever was moved or taken out', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), operations => {
        const agenda = new Agenda<AgendaEntry>();
        const model = new Map<number, AgendaEntry>();
        for (const { id, atMs, kind } of operations) {
          const entry = model.get(id) ?? { id, atMs: 0, kind: 'start' as const, place: notInAgenda };
          if (kind === 'delete') {
            agenda.delete(entry);
            model.delete(id);
          } else {
            agenda.set(entry, atMs, kind);
            model.set(id, entry);
          }
          expect(agenda.size).toBe(model.size);
          expect(agenda.head()).toBe(sorted(model.values())[0] ?? null);
        }
        const order = sorted(model.values());
        for (const entry of order) {
          expect(agenda.head()).toBe(entry);
          agenda.delete(entry);
        }
        expect(agenda.head()).toBeNull();
      }),
    );
  });
});
