import type { JsonObject } from '../../../model/dispatchRecord.js';
import type { RecurrenceRule } from '../../../model/recurrence/recurrenceRule.js';
import type { Selector } from '../../../model/selector.js';
import { minuteOfDay } from '../../../planning/groups/group.js';
import { singleRun } from '../../../planning/groups/singleRun.js';
import { InvalidPlan } from '../../../planning/planError.js';
import { parseSelector } from '../../../planning/selectorText.js';
import { isNow } from '../../../planning/text/isoTime.js';
import { parseDuration } from '../../../planning/text/parseDuration.js';
import { parsePayload } from '../../../planning/text/parsePayload.js';
import { parseTimeZone } from '../../../planning/text/parseTimeZone.js';
import { type Attempt, attempts } from './attempt.js';
import { payloadProblem } from './payloadProblem.js';
import type { FieldProblems, PlanFields } from './planFields.js';
import { readLocalTime, skippedLocalTime } from './readLocalTime.js';
import { readRule } from './readRule.js';
import { startAfterSpan } from './startAfterSpan.js';

/** What the fields of a form mean. */
export interface PlanValues {
  readonly type: string;
  readonly zone: string;
  /** Milliseconds since the epoch. */
  readonly start: number | 'NOW';
  /** The local time that was given for the start, as if it were UTC, milliseconds since the epoch; missing unless the zone skips it. */
  readonly localStartMs?: number;
  readonly durationMs: number | null;
  /** Minute of the local day at which each run ends; null: each has the duration. */
  readonly toMinute: number | null;
  readonly selector: Selector;
  readonly active: boolean;
  readonly dryRun: boolean;
  readonly payload: JsonObject;
  /** In local time when {@link isLocal} says so. */
  readonly recurrence: RecurrenceRule | null;
  readonly isLocal: boolean;
}

/** What was read of the fields of a form: values are missing where there are problems. */
export interface ReadFields {
  readonly values: { readonly [Name in keyof PlanValues]?: PlanValues[Name] };
  readonly problems: FieldProblems;
}

/** Reads what people typed; the rules of a service are not applied yet. */
export function readFields(fields: PlanFields, nowMs: number): ReadFields {
  const { attempt, problems } = attempts();
  const zone = attempt('zone', () => parseTimeZone(fields.zone));
  const inZone = zone ?? 'UTC';
  const started = zone === undefined ? undefined : attempt('start', () => readStart(fields.start, inZone, nowMs));
  const start = started?.start;
  const isLocal = fields.recurs && fields.clock === 'local';
  const ending = endingOf(fields, { start, localStartMs: started?.localStartMs, zone, isLocal, nowMs }, attempt);
  const recurrence = fields.recurs ? readRule(fields, zone, attempt) : null;
  const selector = attempt('components', () => parseSelector(fields.components));
  const payload = attempt('payload', () => readPayload(fields.payload));
  const values = {
    type: fields.type,
    ...(zone !== undefined && { zone }),
    ...started,
    ...ending,
    ...(selector !== undefined && { selector }),
    active: fields.active,
    dryRun: fields.dryRun,
    ...(payload !== undefined && { payload }),
    ...(recurrence !== undefined && { recurrence }),
    isLocal,
  };
  return { values, problems };
}

function readStart(text: string, zone: string, nowMs: number): Pick<PlanValues, 'start' | 'localStartMs'> {
  if (isNow(text)) return { start: 'NOW' };
  const afterSpanMs = startAfterSpan(text, nowMs);
  if (afterSpanMs !== null) return { start: afterSpanMs };
  const localStartMs = skippedLocalTime(text, zone);
  return { start: readLocalTime(text, zone), ...(localStartMs !== undefined && { localStartMs }) };
}

function endingOf(
  { ends, duration, end }: PlanFields,
  known: {
    readonly start: number | 'NOW' | undefined;
    readonly localStartMs: number | undefined;
    readonly zone: string | undefined;
    readonly isLocal: boolean;
    readonly nowMs: number;
  },
  attempt: Attempt,
): Pick<ReadFields['values'], 'durationMs' | 'toMinute'> {
  if (ends === 'never') return { durationMs: null, toMinute: null };
  if (ends === 'duration') {
    const durationMs = attempt('duration', () => parseDuration(duration));
    return durationMs === undefined ? {} : { durationMs, toMinute: null };
  }
  const { start, localStartMs, zone, isLocal, nowMs } = known;
  if (start === undefined || zone === undefined) return {};
  const startMs = start === 'NOW' ? nowMs : start;
  const minute = minuteOfDay(end);
  if (minute !== null) {
    const { durationMs } = singleRun(zone, { startTimeMs: startMs, localStartMs, durationMs: null, toMinute: minute });
    return { ...(durationMs !== null && { durationMs }), toMinute: isLocal ? minute : null };
  }
  const durationMs = attempt('end', () => spanUntil(readLocalTime(end, zone), startMs));
  return durationMs === undefined ? {} : { durationMs, toMinute: null };
}

function spanUntil(endMs: number, startMs: number): number {
  // A service rounds the start to whole seconds, and takes durations in whole seconds only.
  const spanMs = Math.round((endMs - startMs) / 1000) * 1000;
  if (spanMs >= 0) return spanMs;
  throw new InvalidPlan('It must be after the start.');
}

function readPayload(text: string): JsonObject {
  try {
    return parsePayload(text.trim() === '' ? '{}' : text);
  } catch (error) {
    if (!(error instanceof InvalidPlan)) throw error;
    throw new InvalidPlan(payloadProblem(error.message, text));
  }
}
