import { Dispatch } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { AuditEntry } from '../../src/service/domain/audit.js';
import type { DispatchStore, LoggedChange } from '../../src/service/domain/dispatchStore.js';
import { type Ledger, MICROGRID_IDS, markOf } from './ledger.js';

/** The method that each kind of change comes from. */
const METHODS = {
  created: 'CreateMicrogridDispatch',
  updated: 'UpdateMicrogridDispatch',
  deleted: 'DeleteMicrogridDispatch',
} as const;

/**
 * Each log must be without gaps, in order of time, and come to what is there; the audit must have one entry for each change, and no other.
 * Returns the number of changes.
 */
export async function checkLogs(store: DispatchStore, ledger: Ledger): Promise<number> {
  const replayed = new Map<string, string>();
  const logged = new Set<string>();
  const createdIds = new Set<number>();
  let count = 0;
  for (const microgridId of MICROGRID_IDS.map(Number)) {
    let last: LoggedChange | undefined;
    const log = await wholeLog(store, microgridId);
    await checkAudit(store, microgridId, log);
    for (const change of log) {
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

/** Compares a log with the audit of its microgrid. */
async function checkAudit(store: DispatchStore, microgridId: number, log: readonly LoggedChange[]): Promise<void> {
  const entries: AuditEntry[] = [];
  for (let more = true; more; ) {
    const query = { filter: {}, oldestFirst: true, after: entries.at(-1)?.seq ?? null };
    const page = await store.audit(microgridId, query, 500, 3_000_000);
    entries.push(...page.entries);
    more = page.more;
  }
  const told = new Set(entries.map(({ seq, atUs, dispatchId, method }) => `${seq} ${atUs} ${dispatchId} ${method}`));
  const made = log.map(({ seq, atUs, id, kind }) => `${seq} ${atUs} ${id} ${METHODS[kind]}`);
  const untold = made.filter(change => !told.has(change));
  if (untold.length > 0) throw new Error(`${microgridId}: changes without an entry of the audit: ${untold}`);
  if (entries.length !== made.length) {
    throw new Error(`${microgridId}: ${entries.length} entries of the audit for ${made.length} changes`);
  }
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
