import type { DispatchRecord } from '../model/dispatchRecord.js';
import { jsonEquals } from '../model/jsonEquals.js';
import { runFrom, startAtOrAfter, startAtOrBefore, startsBetween } from '../model/schedule.js';
import { selectorEquals } from '../model/selector.js';
import { overlapNotes } from './overlapNotes.js';
import { timeText } from './timeText.js';

/** What of a dispatch decides on its runs. */
export type Plan = Pick<DispatchRecord, 'startTimeMs' | 'durationMs' | 'recurrence'>;

/** What is asked of a service, as far as it is named. */
export type Asked = Partial<
  Pick<
    DispatchRecord,
    'type' | 'startTimeMs' | 'durationMs' | 'selector' | 'active' | 'dryRun' | 'payload' | 'recurrence'
  >
>;

/** Tells what about the runs of a dispatch a planner may not expect: sentences, none where there is nothing. */
export function planNotes(plan: Plan): string[] {
  try {
    return notesOf(plan);
  } catch (error) {
    // Other services may store such a rule.
    if (error instanceof RangeError) return [`Its rule cannot be evaluated: ${error.message}.`];
    throw error;
  }
}

function notesOf({ startTimeMs, durationMs, recurrence }: Plan): string[] {
  const notes: string[] = [];
  if (recurrence === null) return durationMs === 0 ? [...notes, ENDS_AT_ONCE] : notes;
  if (durationMs === null) return [...notes, 'The rule is ignored: without a duration it runs once, without end.'];
  if (durationMs === 0) notes.push(ENDS_AT_ONCE);
  const record = wholeRecord({ startTimeMs, durationMs, recurrence });
  const first = startAtOrAfter(record, startTimeMs);
  if (first === null) return [...notes, 'It never runs: the rule reaches no time before it ends.'];
  if (first !== startTimeMs) notes.push(`The first run starts at ${timeText(new Date(first))}, not at the start time.`);
  notes.push(...overlapNotes(startsBetween(record, startTimeMs, LATEST_MS), durationMs, ms => timeText(new Date(ms))));
  const skipped = skippedMonths(recurrence, startTimeMs);
  if (skipped !== null) notes.push(skipped);
  return notes;
}

const ENDS_AT_ONCE = 'Its runs end at the moment when they start: the duration is 0.';

/** The last millisecond of the protocol's times. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A record that has the runs of a plan, for questions about them. */
export function wholeRecord({ startTimeMs, durationMs, recurrence }: Plan): DispatchRecord {
  return { ...WHOLE, startTimeMs, durationMs, recurrence };
}

/** The rest of a record that can run. */
const WHOLE: Omit<DispatchRecord, keyof Plan> = {
  id: 0,
  microgridId: 0,
  type: '',
  selector: { ids: [] },
  active: true,
  dryRun: false,
  payload: {},
  createTime: '1970-01-01T00:00:00.000000000Z',
  updateTime: '1970-01-01T00:00:00.000000000Z',
  endTimeMs: null,
};

/** Months, and with YEARLY years, that have none of the days of a rule. */
function skippedMonths(
  { frequency, byMonthDays, byWeekdays }: NonNullable<Plan['recurrence']>,
  startTimeMs: number,
): string | null {
  if (frequency !== 'MONTHLY' && frequency !== 'YEARLY') return null;
  if ((byWeekdays?.length ?? 0) > 0) return null;
  const days = byMonthDays && byMonthDays.length > 0 ? byMonthDays : [new Date(startTimeMs).getUTCDate()];
  if (days.some(day => Math.abs(day) <= 28)) return null;
  return `Months without day ${days.join(' or ')} are skipped; -1 is the last day of each month.`;
}

/**
 * The end of the last run of a plan as services tell it, milliseconds since the epoch: of one that never runs its start; null: it has none, or
 * its rule cannot be evaluated.
 */
export function lastEndMs(plan: Plan): number | null {
  const { startTimeMs, durationMs, recurrence } = plan;
  if (durationMs === null) return null;
  const record = wholeRecord(plan);
  const isEndless = recurrence !== null && recurrence.count === undefined && recurrence.untilMs === undefined;
  try {
    if (startAtOrAfter(record, startTimeMs) === null) return startTimeMs;
    const lastMs = isEndless ? null : startAtOrBefore(record, LATEST_MS);
    return lastMs === null ? null : runFrom(record, lastMs).endMs;
  } catch (error) {
    // Other services may store such a rule.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Names of the fields in which the answer of a service is not what was asked of it. */
export function ignoredFields(asked: Asked, answer: DispatchRecord): string[] {
  const isKept: { readonly [Field in keyof Required<Asked>]: (wanted: NonNullable<unknown> | null) => boolean } = {
    type: wanted => wanted === answer.type,
    startTimeMs: wanted => Math.abs((wanted as number) - answer.startTimeMs) < 1_000,
    durationMs: wanted => wanted === answer.durationMs,
    selector: wanted => selectorEquals(wanted as DispatchRecord['selector'], answer.selector),
    active: wanted => wanted === answer.active,
    dryRun: wanted => wanted === answer.dryRun,
    payload: wanted => jsonEquals(wanted as DispatchRecord['payload'], answer.payload),
    recurrence: wanted => jsonEquals(ruleJson(wanted as Plan['recurrence']), ruleJson(answer.recurrence)),
  };
  return Object.entries(asked).flatMap(([field, wanted]) =>
    wanted === undefined || isKept[field as keyof Asked](wanted) ? [] : [NAMES[field as keyof Asked]],
  );
}

const NAMES: { readonly [Field in keyof Required<Asked>]: string } = {
  type: 'type',
  startTimeMs: 'start time',
  durationMs: 'duration',
  selector: 'target',
  active: 'active',
  dryRun: 'dry run',
  payload: 'payload',
  recurrence: 'recurrence',
};

/** A rule with the order and repetitions of its lists, and what is absent or empty, left aside. */
function ruleJson(rule: Plan['recurrence']) {
  if (rule === null) return null;
  const entries = Object.entries(rule).flatMap(([name, value]): [string, string | number | (string | number)[]][] => {
    if (value === undefined) return [];
    if (!Array.isArray(value)) return [[name, value as string | number]];
    return value.length === 0 ? [] : [[name, [...new Set(value)].sort()]];
  });
  return Object.fromEntries(entries);
}
