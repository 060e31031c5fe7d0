import { Dispatch } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchStore, LoggedChange } from '../../src/service/domain/dispatchStore.js';
import { type Ledger, MICROGRID_IDS, markOf } from './ledger.js';

/** Each log must be without gaps, in order of time, and come to what is there. Returns the number of entries. */
export async function checkLogs(store: DispatchStore, ledger: Ledger): Promise<number> {
  const replayed = new Map<string, string>();
  const logged = new Set<string>();
  const createdIds = new Set<number>();
  let count = 0;
  for (const microgridId of MICROGRID_IDS.map(Number)) {
    let last: LoggedChange | undefined;
    for (const change of await wholeLog(store, microgridId)) {
      if (change.seq !== (last?.seq ?? 0) + 1) throw new Error(`${microgridId}: ${change.seq} follows ${last?.seq}`);
      if (change.atUs <= (last?.atUs ?? 0))
        throw new Error(`${microgridId}: ${change.seq} is not later than the one before`);
      const key = `${microgridId}/${change.id}`;
      const mark = markOf(Dispatch.decode(change.message));
      if (change.kind === 'created') {
        if (createdIds.has(change.id)) throw new Error(`id ${change.id} was created twice`);
        createdIds.add(change.id);
      } else if (!replayed.has(key)) throw new Error(`${key} was changed while it was not there`);
      if (change.kind === 'deleted') replayed.delete(key);
      else replayed.set(key, mark);
      logged.add(`${key} ${change.kind === 'deleted' ? null : mark}`);
      count += 1;
      last = change;
    }
    if ((await store.head(microgridId)) !== (last?.seq ?? 0))
      throw new Error(`${microgridId}: the log ends before its head`);
  }
  const lost = ledger.acknowledged.filter(({ key, mark }) => !logged.has(`${key} ${mark}`));
  if (lost.length > 0) throw new Error(`acknowledged and not in a log: ${JSON.stringify(lost)}`);
  const wrong = [...ledger.present].filter(([key, mark]) => replayed.get(key) !== mark);
  if (wrong.length > 0 || replayed.size !== ledger.present.size)
    throw new Error(`the logs come to something else: ${wrong}`);
  return count;
}

/**
 * The change log of a microgrid, from its beginning.
 *
 * @throws Error when it has a hole.
 */
export async function wholeLog(store: DispatchStore, microgridId: number): Promise<LoggedChange[]> {
  const log: LoggedChange[] = [];
  for (;;) {
    const { changes, pruned } = await store.changes(new Map([[microgridId, log.at(-1)?.seq ?? 0]]), 500);
    if (pruned.length > 0) throw new Error(`${microgridId}: the log has a hole behind ${log.at(-1)?.seq ?? 0}`);
    if (changes.length === 0) return log;
    log.push(...changes);
  }
}
