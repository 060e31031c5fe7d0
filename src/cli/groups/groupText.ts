import pc from 'picocolors';

import { Dispatch } from '../../dispatch.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { occurrences } from '../../model/recurrence/recurrence.js';
import { ruleToText } from '../../model/recurrence/ruleText.js';
import { type DispatchState, dispatchState, nextRunText, stateText } from '../output/dispatchState.js';
import { payloadText } from '../output/dispatchText.js';
import { printable } from '../output/print.js';
import { zonedTimeText } from '../output/runsText.js';
import { spanText, timeText } from '../output/timeText.js';
import { plannedDispatch } from '../planning/planned.js';
import { selectorToText } from '../selectorText.js';
import { type Group, timeOfDay } from './group.js';
import { partsOf } from './groupParts.js';
import type { LiveGroup } from './liveGroup.js';
import { type Common, fromNow } from './planChanges.js';

/** Formats the rule of a group in words, in local time. */
export function groupRuleText(group: Group): string {
  const { zone, rule, untilMs, exceptions } = group;
  const words = ruleToText(rule).replaceAll(' UTC', zone === null || zone === 'UTC' ? ' UTC' : ` ${zone}`);
  const until = zone === null || untilMs === null ? '' : `, until ${zonedTimeText(untilMs, zone)}`;
  const skipped = exceptions.length === 0 ? '' : `, ${exceptions.length} skipped`;
  return `${words}${until}${skipped}`;
}

/** Formats how long the runs of a group are. */
export function groupDurationText({ durationMs, toMinute }: Group): string {
  return toMinute === null ? spanText(durationMs) : `to ${timeOfDay(toMinute)}`;
}

/** The dispatches that a group means when it is created at an instant, without runs before it; their ids are 0. */
export function plannedDispatches(microgridId: number, group: Group, common: Common, atMs: number): Dispatch[] {
  const parts = partsOf(group).flatMap(part => fromNow(part, atMs) ?? []);
  return parts.map(({ startTimeMs, durationMs, rule }) =>
    plannedDispatch(microgridId, { ...common, startTimeMs, durationMs, recurrence: rule }),
  );
}

/** The state of a group: that of the dispatch that runs, or of the one that runs next. */
export function groupState(dispatches: readonly Dispatch[], nowMs: number): DispatchState {
  const states = dispatches.map(dispatch => dispatchState(dispatch, nowMs));
  const next = states.flatMap(({ nextRun }) => nextRun ?? []).sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
  const shown =
    states.find(({ name }) => name === 'running') ??
    states.find(({ nextRun }) => nextRun !== null && nextRun.getTime() === next?.getTime()) ??
    states.at(-1);
  return shown === undefined ? { name: 'finished', text: 'finished', nextRun: null } : { ...shown, nextRun: next };
}

/** Formats a group and what its dispatches run, in several lines. */
export function groupText(live: LiveGroup, nowMs: number): string {
  const { group, common, records } = live;
  const dispatches = records.map(record => new Dispatch(record));
  const state = groupState(dispatches, nowMs);
  const details: [string, string][] = [
    ['target', selectorToText(common.selector)],
    ['rule', groupRuleText(group)],
    [
      'start',
      group.zone === null ? timeText(new Date(group.startTimeMs)) : zonedTimeText(group.startTimeMs, group.zone),
    ],
    ['duration', groupDurationText(group)],
    ...group.exceptions.map((at): [string, string] => [
      'skipped',
      group.zone === null ? timeText(new Date(at)) : zonedTimeText(at, group.zone),
    ]),
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

/** Data of a group for programs. */
export function groupJson({ group, records }: LiveGroup) {
  const { startTimeMs, untilMs, exceptions, rule, ...others } = group;
  return {
    group: {
      ...others,
      rule,
      startTime: new Date(startTimeMs).toISOString(),
      until: untilMs === null ? null : new Date(untilMs).toISOString(),
      exceptions: exceptions.map(at => new Date(at).toISOString()),
    },
    dispatches: records.map(record => new Dispatch(record)),
  };
}

/** A sentence when a group ends within 30 days; null otherwise. */
export function endingNote({ id, zone, untilMs }: Group, nowMs: number): string | null {
  if (zone === null || untilMs === null || untilMs < nowMs || untilMs > nowMs + WARN_MS) return null;
  return `Group ${id} ends at ${zonedTimeText(untilMs, zone)}: 'dispatch update' with --until prolongs it.`;
}

const WARN_MS = 30 * 24 * 3_600_000;

function partText({ startTimeMs, recurrence, active }: DispatchRecord): string {
  const rule = recurrence === null ? 'once' : ruleToText(recurrence);
  const runs =
    recurrence === null ? startTimeMs : (occurrences(recurrence, startTimeMs).after(startTimeMs) ?? startTimeMs);
  return `from ${timeText(new Date(runs))}, ${rule}${active ? '' : ' (inactive)'}`;
}
