import type { DispatchRecord, JsonObject } from '../../model/dispatchRecord.js';
import { selectorEquals } from '../../model/selector.js';
import { isNotFound, type PlanningClient } from '../planningClient.js';
import { type Group, groupOf, newToken, type PendingStep, withGroup, withoutGroup } from './group.js';
import type { Change, Common } from './planChanges.js';

/** What a group is to become, and by which step. */
export interface GroupGoal {
  readonly group: Group;
  readonly common: Common;
  readonly step: PendingStep;
}

/** The mark of a step in the payload of a dispatch: what the group is to become, and the command that is at it. */
export interface StepMark {
  readonly by: string;
  /** The creation of a dispatch with the mark. */
  creation(change: Change): Change;
  /** The write after which a dispatch has the mark, and knows what the group is to become: everything but its own schedule. */
  intention(record: DispatchRecord): Change;
}

/** Makes the mark of a step. @param by Text by which its command knows it. */
export function stepMark({ group, common, step }: GroupGoal, by = newToken()): StepMark {
  const marked = (payload: JsonObject) => {
    const part = groupOf(payload)?.part ?? '1/1';
    return withGroup(withoutGroup(payload), { group, part, step, by });
  };
  return {
    by,
    creation(change) {
      if (change.kind !== 'create') throw new Error(`a new group has no dispatch to ${change.kind}`);
      const { dispatch } = change;
      return { ...change, dispatch: { ...dispatch, payload: marked(dispatch.payload ?? {}) } };
    },
    intention(record) {
      if (step === 'delete') return { kind: 'update', record, changes: { payload: marked(record.payload) } };
      const { selector, active } = common;
      const changes = {
        ...(selectorEquals(selector, record.selector) ? {} : { selector }),
        ...(active === record.active ? {} : { active }),
        payload: withGroup(common.payload, { group, part: groupOf(record.payload)?.part ?? '1/1', step, by }),
      };
      return { kind: 'update', record, changes };
    },
  };
}

/** Whether a dispatch still has the mark: another command that did not know of it may have set its own, or deleted the dispatch. */
export async function isMarked(client: PlanningClient, id: number, { by }: StepMark): Promise<boolean> {
  try {
    const { payload } = await client.get(id);
    return groupOf(payload)?.by === by;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
