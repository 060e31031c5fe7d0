import type { Command } from 'commander';

import { minuteOfDay } from '../../planning/groups/group.js';
import { parseTimeZone } from '../../planning/text/parseTimeZone.js';
import { UsageError } from './usageError.js';

/** The options of times and rules in local time, as commander parses them. */
export interface ZoneOptions {
  readonly timeZone?: string | undefined;
  /** Minute of the day. */
  readonly to?: number | undefined;
}

/** What help says of {@link addZoneOptions}. */
const OF_RULES = {
  zone: 'zone of all times and of the rule, such as Europe/Berlin; a rule needs --until and becomes a group of dispatches',
  to: 'local time at which each run ends, such as 06:30, in place of a duration',
};

/** Adds the options of times and rules in local time to a command. */
export function addZoneOptions(command: Command, { zone, to }: typeof OF_RULES = OF_RULES): Command {
  return command
    .optionsGroup('Local time:')
    .option('--time-zone <zone>', zone, parseTimeZone)
    .option('--to <time>', to, parseTimeOfDay);
}

/** @throws UsageError when options are given that do not go together. */
export function checkZoneOptions({ timeZone, to }: ZoneOptions, durationMs: number | undefined): void {
  if (to === undefined) return;
  if (timeZone === undefined) throw new UsageError('--to needs a --time-zone: it is a local time.');
  if (durationMs !== undefined) throw new UsageError('Give either a duration or --to.');
}

function parseTimeOfDay(text: string): number {
  const minute = minuteOfDay(text);
  if (minute !== null) return minute;
  throw new UsageError('It must be a time of day, such as 06:30.');
}
