import type { Dispatch } from '../../dispatch.js';
import type { JsonObject } from '../../model/dispatchRecord.js';
import { ruleToText } from '../../model/recurrence/ruleText.js';
import type { Selector } from '../../model/selector.js';
import { dispatchState, neverRuns, nextRunText } from '../../planning/dispatchState.js';
import { groupOf, withoutGroup } from '../../planning/groups/group.js';
import { groupPartText } from '../../planning/groups/groupWords.js';
import { selectorToText } from '../../planning/selectorText.js';
import { printable } from '../../planning/text/printable.js';
import { spanText, timeText } from '../../planning/timeText.js';
import { pc } from './colours.js';
import { stateText } from './stateText.js';

/** Within a line; `get` prints the whole payload. */
const MAX_PAYLOAD_LENGTH = 200;

/** Formats all fields of a dispatch, in several lines; one with the id 0 was not created. */
export function dispatchText(dispatch: Dispatch, nowMs: number): string {
  const state = dispatchState(dispatch, nowMs);
  const group = groupPartText(dispatch.payload);
  const details: [string, string][] = [
    ...(group === null ? [] : ([['group', printable(group)]] as [string, string][])),
    ['target', selectorToText(dispatch.selector)],
    ['start', timeText(dispatch.startTime)],
    ['duration', durationText(dispatch)],
    ['recurrence', recurrenceText(dispatch)],
    ['last end', dispatch.endTime === null || neverRuns(dispatch) ? 'none' : timeText(dispatch.endTime)],
    ['next run', nextRunText(state, nowMs)],
    ['payload', payloadText(group === null ? dispatch.payload : withoutGroup(dispatch.payload))],
    ...(dispatch.id === 0 ? [] : ([['created', createdText(dispatch)]] as [string, string][])),
  ];
  const name = dispatch.id === 0 ? printable(dispatch.type) : `${dispatch.id} ${printable(dispatch.type)}`;
  const title = `${pc.bold(name)}  ${stateText(state)}${dispatch.dryRun ? ', dry run' : ''}`;
  return [title, ...details.map(([name, value]) => `  ${pc.dim(name.padEnd(10))}  ${value}`)].join('\n');
}

function createdText({ createTime, updateTime }: Dispatch): string {
  return `${timeText(createTime)}, updated ${timeText(updateTime)}`;
}

/** Formats a dispatch in one line. */
export function dispatchLine(dispatch: Dispatch, nowMs: number): string {
  const state = dispatch.deleted ? [] : [stateText(dispatchState(dispatch, nowMs))];
  return [pc.bold(`${dispatch.id} ${printable(dispatch.type)}`), ...state, ...planParts(dispatch)].join(pc.dim(' · '));
}

/** Formats a dispatch that does not exist yet in one line. */
export function planLine(dispatch: Dispatch): string {
  const inactive = dispatch.active ? [] : ['inactive'];
  return [pc.bold(printable(dispatch.type)), ...planParts(dispatch), ...inactive].join(pc.dim(' · '));
}

function planParts(dispatch: Dispatch): string[] {
  const parts = [
    `from ${timeText(dispatch.startTime)}`,
    dispatch.durationMs === null ? 'without end' : `for ${spanText(dispatch.durationMs)}`,
    dispatch.recurrence === null ? '' : recurrenceText(dispatch),
    targetText(dispatch.selector),
    parametersText(dispatch.payload),
    dispatch.dryRun ? 'dry run' : '',
  ];
  return parts.filter(part => part !== '');
}

/** Formats a selector within a line: `BATTERY`, `components 4, 7`. */
export function targetText(selector: Selector): string {
  return `${selector.ids === undefined ? '' : 'components '}${selectorToText(selector)}`;
}

/** Formats the duration of the runs. */
export function durationText({ durationMs }: Dispatch): string {
  return durationMs === null ? 'no end' : spanText(durationMs);
}

/** Formats the recurrence rule in words; `once` without one. */
export function recurrenceText({ recurrence, durationMs }: Dispatch): string {
  if (recurrence === null) return 'once';
  try {
    return `${ruleToText(recurrence)}${durationMs === null ? ' (ignored: without a duration it runs once)' : ''}`;
  } catch (error) {
    if (error instanceof RangeError) return `invalid: ${error.message}`;
    throw error;
  }
}

/** Formats a payload within a line: the beginning of its JSON, but its group in words; empty when there is nothing in it. */
export function parametersText(payload: JsonObject): string {
  const [own, found] = [withoutGroup(payload), groupOf(payload)];
  // What only looks like a group is shown as it is.
  if (found === null) return Object.keys(payload).length === 0 ? '' : cut(payloadText(payload));
  const parameters = Object.keys(own).length === 0 ? '' : `${cut(payloadText(own))} `;
  return `${parameters}in group ${found.group.id} (${printable(found.part)})`;
}

function cut(text: string): string {
  return text.length <= MAX_PAYLOAD_LENGTH ? text : `${text.slice(0, MAX_PAYLOAD_LENGTH - 1)}…`;
}

/** Formats a payload as JSON. */
export function payloadText(payload: JsonObject): string {
  return printable(JSON.stringify(payload));
}
