import { setTimeout as pause } from 'node:timers/promises';
import { DispatchClient } from '../../src/client/dispatchClient.js';
import type { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { decodeLogPosition } from '../../src/wire/logPosition.js';

/** What a caller has that keeps one stream of a microgrid open, resumes it when it is lost, and lists when it cannot be resumed. */
export interface Mirror extends AsyncDisposable {
  readonly microgridId: number;
  /** What it has, by id. */
  readonly held: ReadonlyMap<number, DispatchRecord>;
  /** Number of streams that were opened so far. */
  readonly opened: number;
}

/** Begins to mirror a microgrid. What is no loss of a connection, or a hole in a stream, rejects its disposal. */
export function mirror(address: string, microgridId: number): Mirror {
  const client = new DispatchClient({ address, streamTimeoutMs: 600_000 });
  const ending = new AbortController();
  const held = new Map<number, DispatchRecord>();
  let opened = 0;
  let resumeAfter: string | undefined;

  async function follow(): Promise<void> {
    const watch = client.forMicrogrid(microgridId).watchRecords({ signal: ending.signal, resumeAfter });
    const { position, backlog } = await watch.opened;
    opened += 1;
    if (backlog === undefined) {
      await list();
      resumeAfter = position;
    }
    for await (const change of watch) {
      if (change.kind === 'problem') throw change.problem;
      const next = (decodeLogPosition(resumeAfter)?.seq ?? 0) + 1;
      if (decodeLogPosition(change.position)?.seq !== next)
        throw new Error(`${change.position} came in place of ${next}`);
      resumeAfter = change.position;
      const { id, updateTime } = change.dispatch;
      if (change.kind === 'deleted') held.delete(id);
      // What was listed may be newer.
      else if ((held.get(id)?.updateTime ?? '') < updateTime) held.set(id, change.dispatch);
    }
  }

  async function list(): Promise<void> {
    const listed: DispatchRecord[] = [];
    for await (const { record } of client.list({ microgridId, signal: ending.signal })) listed.push(record);
    held.clear();
    for (const record of listed) held.set(record.id, record);
  }

  async function keepFollowing(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await follow();
      } catch (error) {
        if (ending.signal.aborted) return;
        if ((error as DispatchError).code !== 'UNAVAILABLE') throw error;
        await pause(50);
      }
    }
  }

  const following = keepFollowing();
  following.catch(() => {});
  return {
    microgridId,
    held,
    get opened() {
      return opened;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await following.finally(() => client.close());
    },
  };
}
