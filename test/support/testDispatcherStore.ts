import { expect, it } from 'vitest';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import type {
  DispatcherStore,
  StoreChange,
  StoredDispatch,
  StoreSave,
} from '../../machines/protocol/dispatcherStore.js';
import { dispatchRecord, monday10Ms } from './dispatchRecord.js';

/** Where a test has stores, one after the other. */
export interface DispatcherStorePlace extends AsyncDisposable {
  /** What messages call it. */
  readonly name: string;
  /** A new store in the place. */
  store(): DispatcherStore;
  /** Replaces what is stored of dispatches of microgrid 1, behind the back of the store. */
  spoil(texts: readonly { readonly id: number; readonly text: string; readonly newId?: number }[]): Promise<void>;
}

const ofOne = { microgridId: 1 };

/** What is stored of a dispatch. */
export function stored(id: number, notifiedMs: number | null = null): StoredDispatch {
  const { context } = dispatchMachine.getInitialSnapshot({ self: {} } as never, {
    dispatch: dispatchRecord({ id }),
    atMs: monday10Ms - 1,
  });
  return { state: 'idle', context, notifiedMs };
}

/** A dispatch as a save keeps it. */
export function kept(id: number, notifiedMs: number | null = null): StoreChange {
  return { kind: 'kept', id, stored: stored(id, notifiedMs) };
}

/** Saves changes in one slice. */
export async function save(
  store: DispatcherStore,
  changes: StoreChange[],
  options: Partial<StoreSave> = {},
): Promise<void> {
  const slices = (async function* () {
    yield changes;
  })();
  await store.save({ microgridId: 1, replacesAll: false, synced: true, position: null, changes: slices, ...options });
}

/** What a new store in a place brings. */
export async function readStore(place: DispatcherStorePlace, of = ofOne) {
  const store = place.store();
  const { synced, position } = await store.open(of);
  const dispatches: StoredDispatch[] = [];
  const problems: string[] = [];
  for await (const page of store.load(of)) {
    dispatches.push(...page.dispatches);
    problems.push(...page.problems.map(({ code, message }) => `${code}: ${message.replaceAll(place.name, 'NAME')}`));
  }
  await store.close(of);
  return { synced, position, dispatches, problems };
}

/** Saves changes by a new store in a place. */
export async function writeStore(
  place: DispatcherStorePlace,
  changes: StoreChange[],
  options: Partial<StoreSave> = {},
): Promise<void> {
  const store = place.store();
  const of = { microgridId: options.microgridId ?? 1 };
  await store.open(of);
  await save(store, changes, options);
  await store.close(of);
}

/** The tests of every store of a dispatcher. */
export function testDispatcherStore(newPlace: () => Promise<DispatcherStorePlace>): void {
  it('is empty at first', async () => {
    await using place = await newPlace();
    expect(await readStore(place)).toEqual({ synced: false, position: null, dispatches: [], problems: [] });
  });

  it('brings what was kept last, and not what was dropped', async () => {
    await using place = await newPlace();
    await writeStore(place, [kept(1), kept(2), kept(3)], { synced: false });
    await writeStore(place, [kept(1, 5), { kind: 'dropped', id: 2 }]);
    expect(await readStore(place)).toEqual({
      synced: true,
      position: null,
      dispatches: [stored(1, 5), stored(3)],
      problems: [],
    });
  });

  it('holds only what replaces all', async () => {
    await using place = await newPlace();
    await writeStore(place, [kept(1), kept(2)]);
    await writeStore(place, [kept(3)], { replacesAll: true });
    expect((await readStore(place)).dispatches).toEqual([stored(3)]);
  });

  it('keeps microgrids apart', async () => {
    await using place = await newPlace();
    const store = place.store();
    await store.open(ofOne);
    await store.open({ microgridId: 2 });
    await Promise.all([save(store, [kept(1)]), save(store, [kept(2)], { microgridId: 2, synced: false })]);
    await store.close(ofOne);
    await save(store, [], { microgridId: 2, synced: false, replacesAll: true });
    await store.close({ microgridId: 2 });
    expect(await readStore(place)).toMatchObject({ synced: true, dispatches: [stored(1)] });
    expect(await readStore(place, { microgridId: 2 })).toMatchObject({ synced: false, dispatches: [] });
  });

  it('brings more than a page in order, each once', async () => {
    await using place = await newPlace();
    const ids = Array.from({ length: 1_500 }, (_, i) => i);
    await writeStore(
      place,
      ids.map(id => kept(id)),
    );
    expect((await readStore(place)).dispatches.map(({ context }) => context.dispatch.id)).toEqual(ids);
  });

  it('brings the position of the last save, which is written with its changes', async () => {
    await using place = await newPlace();
    const position = { log: '7:1700000000000000:3', latestMs: monday10Ms };
    await writeStore(place, [kept(1)], { position });
    expect((await readStore(place)).position).toEqual(position);
    await writeStore(place, [kept(2)], { position: { ...position, log: '8:1700000000000001:3' } });
    expect((await readStore(place)).position).toEqual({ ...position, log: '8:1700000000000001:3' });
    await writeStore(place, [kept(3)]);
    expect((await readStore(place)).position).toBeNull();
  });

  it('writes all of a save or nothing', async () => {
    await using place = await newPlace();
    const position = { log: '7:1700000000000000:3', latestMs: monday10Ms };
    await writeStore(place, [kept(1)], { position });
    const store = place.store();
    await store.open(ofOne);
    const changes = (async function* () {
      yield [kept(2)];
      throw new Error('the rest cannot be had');
    })();
    const later = { ...position, log: '8:1700000000000001:3' };
    await expect(
      store.save({ microgridId: 1, replacesAll: true, synced: true, position: later, changes }),
    ).rejects.toMatchObject({
      code: 'UNKNOWN',
      message: expect.stringContaining('the rest cannot be had'),
    });
    await store.close(ofOne);
    expect(await readStore(place)).toMatchObject({ position, dispatches: [stored(1)] });
    await writeStore(place, [kept(3)]);
    expect((await readStore(place)).dispatches).toEqual([stored(1), stored(3)]);
  });

  it('reports what it cannot read of a dispatch, and brings the others', async () => {
    await using place = await newPlace();
    await writeStore(place, [kept(1), kept(2), kept(3), kept(4)]);
    await place.spoil([
      { id: 1, text: '{' },
      { id: 3, text: 'null' },
      { id: 4, text: '[]', newId: -4 },
    ]);
    expect(await readStore(place)).toEqual({
      synced: true,
      position: null,
      dispatches: [stored(2)],
      problems: [-4, 1, 3].map(id => `DATA_LOSS: dispatch ${id} of NAME cannot be read`),
    });
  });

  it('is refused to another store until it is closed', async () => {
    await using place = await newPlace();
    const [first, second] = [place.store(), place.store()];
    await first.open(ofOne);
    await expect(second.open(ofOne)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await first.close(ofOne);
    await second.open(ofOne);
    await second.close(ofOne);
  });

  it('refuses a save, and is not read, when it is not open', async () => {
    await using place = await newPlace();
    await expect(save(place.store(), [kept(1)])).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await expect(place.store().load(ofOne)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });
}
