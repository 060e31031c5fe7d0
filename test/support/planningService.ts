import type { DispatchChanges, ListOptions, NewDispatch } from '../../src/client/requests.js';
import { Dispatch } from '../../src/dispatch.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { lastEndMs } from '../../src/planning/planNotes.js';
import type { PlanningClient } from '../../src/planning/planningClient.js';

/** Decides when the calls of a client take effect; rejecting, or never resolving, as for a command that was killed. */
export type Turn = (call: string) => Promise<void>;

/** The dispatches of one microgrid in memory, with the versions of a service: for tests that decide on the order of calls. */
export interface PlanningService {
  readonly records: ReadonlyMap<number, DispatchRecord>;
  /** A client whose calls each take effect at once, when it is their turn. */
  client(turn?: Turn): PlanningClient;
}

/** Makes a microgrid with dispatches. */
export function planningService(existing: Iterable<DispatchRecord> = []): PlanningService {
  const records = new Map([...existing].map(record => [record.id, record]));
  let nextId = Math.max(0, ...records.keys()) + 1;
  let version = Math.max(0, ...[...records.values()].map(({ updateTime }) => Date.parse(updateTime)));
  const stored = (record: DispatchRecord): Dispatch => {
    version += 1;
    const updateTime = new Date(version).toISOString().replace('Z', '000000Z');
    const whole = { ...structuredClone(record), updateTime, endTimeMs: lastEndMs(record) };
    records.set(record.id, whole);
    return new Dispatch(whole);
  };
  const found = (id: number): DispatchRecord => {
    const record = records.get(id);
    if (record === undefined) throw new DispatchError('NOT_FOUND', `dispatch ${id} does not exist`, { dispatchId: id });
    return record;
  };
  const create = ({ startTime, ...dispatch }: NewDispatch): Dispatch => {
    if (startTime === 'NOW') throw new Error('this service has no clock');
    const id = nextId++;
    return stored({ ...DEFAULTS, ...dispatch, id, startTimeMs: startTime.getTime() } as DispatchRecord);
  };
  const update = (id: number, { startTime, ...changes }: DispatchChanges): Dispatch =>
    stored({
      ...found(id),
      ...(changes as Partial<DispatchRecord>),
      ...(startTime && { startTimeMs: startTime.getTime() }),
    });
  const listed = ({ ids, updateFrom, recurring }: ListOptions): DispatchRecord[] =>
    [...records.values()].filter(
      record =>
        (ids === undefined || ids.includes(record.id)) &&
        (updateFrom === undefined || Date.parse(record.updateTime) >= updateFrom.getTime()) &&
        (recurring === undefined || recurring === (record.recurrence !== null)),
    );
  return {
    records,
    client: (turn = async () => {}) => ({
      microgridId: 1,
      create: async dispatch => {
        await turn('create');
        return create(dispatch);
      },
      get: async id => {
        await turn('get');
        return new Dispatch(found(id));
      },
      update: async (id, changes) => {
        await turn('update');
        return update(id, changes);
      },
      delete: async id => {
        await turn('delete');
        found(id);
        records.delete(id);
      },
      async *listPages(options) {
        await turn('list');
        yield { dispatches: listed(options), problems: [] };
      },
    }),
  };
}

const EPOCH = '1970-01-01T00:00:00.000000000Z';
const DEFAULTS = {
  microgridId: 1,
  durationMs: null,
  payload: {},
  active: true,
  dryRun: false,
  recurrence: null,
  createTime: EPOCH,
};
