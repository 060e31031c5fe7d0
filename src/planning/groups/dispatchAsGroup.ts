import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { PlanError } from '../planError.js';
import { groupOf } from './group.js';
import { commonOf, type LiveGroup } from './liveGroup.js';
import { overtaken } from './overtaken.js';

/**
 * The group that a recurring dispatch becomes when one of its runs is skipped. Its id is that of the dispatch, spread over the ids of groups, so
 * that two commands that skip a run at the same time make the same group.
 *
 * @throws PlanError when the dispatch runs once, or is part of a group, which another command has just made it.
 */
export function dispatchAsGroup(record: DispatchRecord): LiveGroup {
  const { id, recurrence: rule, durationMs, startTimeMs } = record;
  if (rule === null || durationMs === null) {
    throw new PlanError('FAILED_PRECONDITION', `Dispatch ${id} runs once: pause or delete it.`);
  }
  const part = groupOf(record.payload);
  if (part !== null) throw overtaken(part.group.id);
  const group = {
    id: `g${(Math.imul(id, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}`,
    zone: null,
    rule,
    startTimeMs,
    untilMs: null,
    durationMs,
    toMinute: null,
    exceptions: [],
  };
  return { group, common: commonOf(record), step: null, by: null, anchor: record, records: [record] };
}
