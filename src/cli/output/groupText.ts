import { Dispatch } from '../../dispatch.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import { ruleToText } from '../../model/recurrence/ruleText.js';
import { nextRunText } from '../../planning/dispatchState.js';
import { missingParts } from '../../planning/groups/groupChangeText.js';
import {
  firstRunOf,
  groupDurationText,
  groupRuleText,
  groupState,
  groupTimeText,
} from '../../planning/groups/groupWords.js';
import type { LiveGroup } from '../../planning/groups/liveGroup.js';
import { selectorToText } from '../../planning/selectorText.js';
import { printable } from '../../planning/text/printable.js';
import { timeText } from '../../planning/timeText.js';
import { pc } from './colours.js';
import { payloadText } from './dispatchText.js';
import { stateText } from './stateText.js';

/** Formats a group and what its dispatches run, in several lines. */
export function groupText(live: LiveGroup, nowMs: number): string {
  const { group, common, records } = live;
  const dispatches = records.map(record => new Dispatch(record));
  const isPlanned = records.some(({ id }) => id === 0);
  const state = groupState(dispatches, nowMs, isPlanned ? 0 : missingParts(live, nowMs).length);
  const details: [string, string][] = [
    ['target', selectorToText(common.selector)],
    ['rule', groupRuleText(group)],
    ['first run', groupTimeText(group, (firstRunOf(dispatches) ?? new Date(group.startTimeMs)).getTime())],
    ['duration', groupDurationText(group)],
    ...group.exceptions.map((at): [string, string] => ['skipped', groupTimeText(group, at)]),
    ['next run', nextRunText(state, nowMs)],
    ['payload', payloadText(common.payload)],
  ];
  const title = `${pc.bold(`${group.id} ${printable(common.type)}`)}  ${stateText(state)}${common.dryRun ? ', dry run' : ''}`;
  return [title, ...details.map(([name, value]) => `  ${pc.dim(name.padEnd(10))}  ${value}`), ...partLines(live)].join(
    '\n',
  );
}

/** Formats what the dispatches of a group run, a line each under a head. */
export function partLines({ records }: Pick<LiveGroup, 'records'>): string[] {
  const head = `  ${pc.dim('dispatches')}`;
  const idText = ({ id }: DispatchRecord) => (id === 0 ? '' : `${pc.bold(String(id))}  `);
  return [head, ...records.map(record => `    ${idText(record)}${partText(record)}`)];
}

function partText({ startTimeMs, recurrence, active }: DispatchRecord): string {
  const rule = recurrence === null ? 'once' : ruleToText(recurrence);
  const runs =
    recurrence === null ? startTimeMs : (occurrences(recurrence, startTimeMs).after(startTimeMs) ?? startTimeMs);
  return `from ${timeText(new Date(runs))}, ${rule}${active ? '' : ' (inactive)'}`;
}
