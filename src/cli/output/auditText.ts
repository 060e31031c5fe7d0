import type { AuditEntry } from '../../client/audit.js';
import type { Dispatch } from '../../dispatch.js';
import { groupOf, withoutGroup } from '../../planning/groups/group.js';
import { groupPartText } from '../../planning/groups/groupWords.js';
import { selectorToText } from '../../planning/selectorText.js';
import { printable } from '../../planning/text/printable.js';
import { timeText } from '../../planning/timeText.js';
import { pc } from './colours.js';
import { durationText, payloadText, recurrenceText } from './dispatchText.js';

const FIELDS: readonly (readonly [name: string, text: (dispatch: Dispatch) => string])[] = [
  ['start', ({ startTime }) => timeText(startTime)],
  ['duration', durationText],
  ['target', ({ selector }) => selectorToText(selector)],
  ['active', ({ active }) => `${active}`],
  ['recurrence', recurrenceText],
  ['payload', ({ payload }) => payloadText(groupOf(payload) === null ? payload : withoutGroup(payload))],
  ['group', ({ payload }) => printable(groupPartText(payload) ?? 'none')],
];

/** Formats an entry of an audit in one line: when, who, which dispatch, what was changed, and the note. */
export function auditLine({ time, keyName, dispatchId, before, after, note }: AuditEntry): string {
  const type = printable((after ?? before)?.type ?? '');
  const parts = [
    `${timeText(time)}  ${pc.cyan(keyName === null ? 'anybody' : printable(keyName))}`,
    pc.bold(`${dispatchId} ${type}`),
    changeText(before, after),
    note === null ? '' : pc.italic(`“${printable(note)}”`),
  ];
  return parts.filter(part => part !== '').join('  ');
}

/** Formats what a change did, such as `updated: duration 1h → 2h`. */
function changeText(before: Dispatch | null, after: Dispatch | null): string {
  if (after === null) return pc.red('deleted');
  if (before === null) return pc.green('created');
  const changed = FIELDS.flatMap(([name, text]) => {
    const [old, now] = [text(before), text(after)];
    return old === now ? [] : [`${name} ${old} → ${now}`];
  });
  return `updated${changed.length === 0 ? '' : `: ${changed.join(', ')}`}`;
}

/** Converts an entry to JSON. */
export function auditJson({ time, ...entry }: AuditEntry) {
  return { ...entry, time: time.toISOString() };
}
