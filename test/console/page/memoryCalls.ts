// The calls of a service on dispatches in memory, with the rules of the real one.

import { encodeCreate, encodeUpdate } from '../../../src/client/requests.js';
import type { MicrogridCalls } from '../../../src/console/session/sessionPort.js';
import { Dispatch } from '../../../src/dispatch.js';
import { DispatchError } from '../../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../../src/model/dispatchRecord.js';
import { rehearseCreate, rehearseUpdate } from '../../../src/service/domain/rehearseWrite.js';
import type { MemoryTransport } from '../../../src/testing/memoryTransport.js';

/** What a test makes of the calls. */
export interface CallFaults {
  /** Every write fails with this; null: none does. */
  failure: {
    readonly code: 'UNAVAILABLE' | 'INVALID_ARGUMENT';
    readonly message: string;
    readonly field?: string;
  } | null;
}

/**
 * Calls that read and write the dispatches of a transport, whose streams tell of it.
 *
 * @param firstId an id above which no dispatch was yet
 */
export function memoryCalls(
  microgridId: number,
  transport: MemoryTransport,
  nowMs: () => number,
  faults: CallFaults,
  firstId: number,
): Omit<MicrogridCalls, 'audit'> {
  let lastId = firstId;
  let lastMs = 0;
  const all = async () => {
    const found: DispatchRecord[] = [];
    const { signal } = new AbortController();
    for await (const page of transport.list({ microgridId, endFromMs: 0, signal })) found.push(...page.dispatches);
    return found;
  };
  const find = async (id: number) => {
    const found = (await all()).find(record => record.id === id);
    if (found !== undefined) return found;
    throw new DispatchError('NOT_FOUND', `microgrid ${microgridId} has no dispatch ${id}`, { dispatchId: id });
  };
  const stamp = () => {
    lastMs = Math.max(nowMs(), lastMs + 1);
    return new Date(lastMs).toISOString().replace('Z', '000000Z');
  };
  const refuse = () => {
    const { failure } = faults;
    if (failure === null) return;
    const { code, message, field } = failure;
    const violations = field === undefined ? [] : [{ field, description: `${field}: ${message}` }];
    throw new DispatchError(code, message, { violations });
  };
  return {
    microgridId,
    get: async id => new Dispatch(await find(id)),
    create: async dispatch => {
      refuse();
      const made = rehearseCreate(encodeCreate(microgridId, dispatch), nowMs());
      lastId = Math.max(lastId, ...(await all()).map(({ id }) => id)) + 1;
      const time = stamp();
      return new Dispatch(transport.put({ ...made, id: lastId, createTime: time, updateTime: time }));
    },
    update: async (id, changes) => {
      refuse();
      const record = await find(id);
      const made = rehearseUpdate(record, encodeUpdate(microgridId, id, changes), nowMs());
      return new Dispatch(transport.put({ ...made, createTime: record.createTime, updateTime: stamp() }));
    },
    delete: async id => {
      refuse();
      await find(id);
      lastId = Math.max(lastId, id);
      transport.delete(id);
    },
    list: async function* () {
      for (const record of await all()) yield new Dispatch(record);
    },
    listPages: async function* ({ ids, recurring }) {
      const isListed = (record: DispatchRecord) =>
        (ids === undefined || ids.includes(record.id)) &&
        (recurring === undefined || (record.recurrence !== null) === recurring);
      yield { dispatches: (await all()).filter(isListed), problems: [] };
    },
  };
}
