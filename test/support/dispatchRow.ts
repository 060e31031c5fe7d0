import type { ChangeKind, DispatchRow, DispatchWrite, StoredDispatch } from '../../src/service/domain/dispatchStore.js';

/** A row as the service writes it, with a message of a few bytes; override what the test is about. */
export function dispatchRow(overrides: Partial<DispatchRow> & Pick<DispatchRow, 'id'>): DispatchRow {
  return {
    message: new TextEncoder().encode(`dispatch ${overrides.id}`),
    type: 'TEST',
    startS: 0,
    endS: null,
    active: true,
    dryRun: false,
    recurring: false,
    createUs: 0,
    updateUs: 0,
    targetKeys: ['i:1'],
    ...overrides,
  };
}

/** A write that creates a row, with the id and instants it is granted. */
export function creation(overrides: Partial<DispatchRow> = {}): DispatchWrite {
  return {
    id: null,
    decide: (_, { id, atUs }) => ({
      kind: 'created',
      dispatch: dispatchRow({ createUs: atUs, updateUs: atUs, ...overrides, id }),
    }),
  };
}

/** A write that changes or deletes a row, and refuses when there is none. */
export function changeOf(
  id: number,
  kind: Exclude<ChangeKind, 'created'>,
  overrides: Partial<DispatchRow> = {},
): DispatchWrite {
  return {
    id,
    decide(old: StoredDispatch | null, { atUs }) {
      if (!old) throw new Error(`no dispatch ${id}`);
      return { kind, dispatch: dispatchRow({ updateUs: atUs, ...overrides, id }) };
    },
  };
}
