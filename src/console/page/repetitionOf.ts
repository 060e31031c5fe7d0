import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { type Group, groupOf } from '../../planning/groups/group.js';
import { groupRuleWords, groupTimeText } from '../../planning/groups/groupWords.js';
import { ruleWords } from '../plan/draft/ruleWords.js';

/** How a dispatch repeats, for people. */
export interface Repetition {
  /** Of a part of a group: the rule of the group, with its zone. */
  readonly text: string;
  /** The runs that are skipped, by their starts: milliseconds since the epoch, and for people. */
  readonly skipped: readonly { readonly startMs: number; readonly text: string }[];
}

/** How a dispatch repeats, in words. */
export function repetitionOf({ recurrence, payload }: Pick<DispatchRecord, 'recurrence' | 'payload'>): Repetition {
  const part = groupOf(payload);
  if (part !== null) {
    const step = part.step === null ? '' : `; the step '${part.step}' is not done`;
    const words = `${groupRuleWords(part.group)}${part.group.zone === null ? ' (UTC)' : ''}`;
    return { text: `${words}${step}`, skipped: skippedOf(part.group) };
  }
  if (recurrence === null) return { text: 'no', skipped: [] };
  const words = ruleWords(recurrence);
  return { text: words === null ? 'by a rule that this console cannot evaluate' : `${words} (UTC)`, skipped: [] };
}

function skippedOf(group: Group): Repetition['skipped'] {
  const named = (zone: string | null) =>
    group.exceptions.map(startMs => ({ startMs, text: groupTimeText({ ...group, zone }, startMs) }));
  try {
    return named(group.zone);
  } catch (error) {
    // A zone that is not known here.
    if (error instanceof RangeError) return named(null);
    throw error;
  }
}
