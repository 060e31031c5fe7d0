import type { Dispatch } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { RawClient } from '../support/rawService.js';

/** The microgrids that clients write to. */
export const MICROGRID_IDS = [1n, 2n, 3n];

/** A call that has no answer yet, or never got one. */
export interface Attempt {
  readonly microgridId: bigint;
  /** The dispatch that it changes; null for a creation. */
  readonly id: bigint | null;
  /** The type that it creates, or the note that it leaves; null for a deletion. */
  readonly mark: string | null;
}

/** What the service has promised. */
export type Ledger = ReturnType<typeof newLedger>;

/** Keeps what clients were promised. */
export function newLedger() {
  /** Dispatches that are there, by microgrid and id, with their last mark. */
  const present = new Map<string, string>();
  const usedIds = new Set<bigint>();
  /** By microgrid and id, every change that was acknowledged. */
  const acknowledged: { readonly key: string; readonly mark: string | null }[] = [];
  let unanswered: Attempt[] = [];
  let unknown = 0;
  const key = (microgridId: bigint, id: bigint) => `${microgridId}/${id}`;

  function settle({ microgridId, mark }: Attempt, id: bigint): void {
    if (mark === null) present.delete(key(microgridId, id));
    else present.set(key(microgridId, id), mark);
  }

  function created(id: bigint): void {
    if (usedIds.has(id)) throw new Error(`id ${id} was used twice`);
    usedIds.add(id);
  }

  return {
    acknowledged,
    present,
    counts: () => ({ acknowledged: acknowledged.length, unknown }),
    /** Takes down a call that was answered, and the dispatch it was about. */
    acknowledge(attempt: Attempt, id: bigint): void {
      if (attempt.id === null) created(id);
      settle(attempt, id);
      acknowledged.push({ key: key(attempt.microgridId, id), mark: attempt.mark });
    },
    /** Takes down a call that got no answer. */
    leaveUnknown(attempt: Attempt): void {
      unanswered.push(attempt);
      unknown += 1;
    },
    /** Compares with what the service shows, and learns what became of the calls without an answer. */
    async check(client: RawClient): Promise<void> {
      const shown = new Map<string, string>();
      for (const microgridId of MICROGRID_IDS) {
        for (const dispatch of await listAll(client, microgridId)) {
          shown.set(key(microgridId, dispatch.metadata?.dispatchId ?? 0n), markOf(dispatch));
        }
      }
      for (const attempt of unanswered) learn(attempt, shown);
      unanswered = [];
      const missing = [...present].filter(([name, mark]) => shown.get(name) !== mark);
      const surplus = [...shown].filter(([name]) => !present.has(name));
      if (missing.length + surplus.length === 0) return;
      throw new Error(
        `acknowledged and not there: ${missing.join('; ')}. There and not acknowledged: ${surplus.join('; ')}`,
      );
    },
  };

  /** Either it was applied or it was not: takes the service's word for it where it can be one of the two. */
  function learn(attempt: Attempt, shown: ReadonlyMap<string, string>): void {
    const { microgridId, id, mark } = attempt;
    if (id !== null) {
      const now = shown.get(key(microgridId, id));
      if (now === undefined ? mark === null : now === mark) settle(attempt, id);
      return;
    }
    const [name] = [...shown].find(([, shownMark]) => shownMark === mark) ?? [];
    if (name === undefined) return;
    const newId = BigInt(name.split('/')[1] ?? 0);
    created(newId);
    settle(attempt, newId);
  }
}

async function listAll(client: RawClient, microgridId: bigint): Promise<Dispatch[]> {
  const dispatches: Dispatch[] = [];
  let params: { $case: 'pageSize'; value: number } | { $case: 'pageToken'; value: string } = {
    $case: 'pageSize',
    value: 1000,
  };
  for (;;) {
    const page = await client.listMicrogridDispatches({ microgridId, paginationParams: { params } });
    dispatches.push(...page.dispatches);
    const token = page.paginationInfo?.nextPageToken;
    if (token === undefined) return dispatches;
    params = { $case: 'pageToken', value: token };
  }
}

/** What a dispatch shows of the last change to it. */
export function markOf({ data }: Dispatch): string {
  const note = data?.payload?.note;
  return typeof note === 'string' ? note : (data?.type ?? '');
}
