import type { JsonObject, JsonValue } from '../../model/dispatchRecord.js';
import { checkRule } from '../../model/recurrence/checkRule.js';
import type { RecurrenceRule } from '../../model/recurrence/recurrenceRule.js';
import { parseInstant } from '../parseInstant.js';

/** Key of the payload of each dispatch of a group that holds the group: the source of truth about it. */
export const GROUP_KEY = '_group';

/** A rule that several dispatches mean together: one in local time, or one of a dispatch with skipped runs. */
export interface Group {
  /** `g` and eight hexadecimal digits. */
  readonly id: string;
  /** The zone of the rule; null: UTC, for a dispatch with skipped runs. */
  readonly zone: string | null;
  /** In local time; its end is `untilMs` when there is a zone. */
  readonly rule: RecurrenceRule;
  /** The first instant at which a run may start, milliseconds since the epoch. */
  readonly startTimeMs: number;
  /** The last instant at which a run may start; null without a zone: the end of the rule. */
  readonly untilMs: number | null;
  /** Duration of each run, elapsed time. */
  readonly durationMs: number;
  /** Local time of day at which each run ends, in minutes; null: each run has the duration. */
  readonly toMinute: number | null;
  /** Starts of the runs that are skipped, milliseconds since the epoch, ascending. */
  readonly exceptions: readonly number[];
}

/** A step of which other dispatches of the group may not know yet. */
export type PendingStep = 'create' | 'update' | 'delete';

/** What the payload of a dispatch tells of its group. */
export interface GroupPart {
  readonly group: Group;
  /** Number of the dispatch in its group, such as `2/7`. */
  readonly part: string;
  readonly step: PendingStep | null;
  /** Which command is at the step, so that another one that is at it too can be told from it; null without a step. */
  readonly by: string | null;
}

/** Whether a text has the form of a group's id. */
export function isGroupId(text: string): boolean {
  return /^g[0-9a-f]{8}$/.test(text);
}

/** A new id of a group. */
export function newGroupId(): string {
  return `g${crypto.randomUUID().slice(0, 8)}`;
}

/** A text by which a command knows its own step. */
export function newToken(): string {
  return crypto.randomUUID().slice(0, 8);
}

/** Puts a group into a payload. */
export function withGroup(payload: JsonObject, { group, part, step, by }: GroupPart): JsonObject {
  const { id, zone, rule, startTimeMs, untilMs, durationMs, toMinute, exceptions } = group;
  const { untilMs: ruleUntilMs, ...lists } = rule;
  return {
    ...payload,
    [GROUP_KEY]: {
      id,
      ...(zone !== null && { zone }),
      rule: { ...(lists as JsonObject), ...(ruleUntilMs !== undefined && { until: iso(ruleUntilMs) }) },
      start: iso(startTimeMs),
      ...(untilMs !== null && { until: iso(untilMs) }),
      durationSeconds: durationMs / 1000,
      ...(toMinute !== null && { to: timeOfDay(toMinute) }),
      ...(exceptions.length > 0 && { exceptions: exceptions.map(iso) }),
      part,
      ...(step !== null && { step, by: by ?? '' }),
    },
  };
}

/** The payload without its group. */
export function withoutGroup({ [GROUP_KEY]: _, ...payload }: JsonObject): JsonObject {
  return payload;
}

/** The payload without the mark of a step that is not done. */
export function withoutStep(payload: JsonObject): JsonObject {
  const part = groupOf(payload);
  return part === null || part.step === null ? payload : withGroup(payload, { ...part, step: null, by: null });
}

/** Reads the group of a payload; null when it has none, or something else under that key. */
export function groupOf(payload: JsonObject): GroupPart | null {
  const { [GROUP_KEY]: value } = payload;
  if (!isObject(value) || typeof value.id !== 'string' || !isGroupId(value.id)) return null;
  const { id, zone, start, until, durationSeconds, to, exceptions = [], part, step: named, by } = value;
  const rule = ruleOf(value.rule);
  const startTimeMs = instant(start);
  const untilMs = until === undefined ? null : instant(until);
  const skipped = Array.isArray(exceptions) ? exceptions.map(instant) : [Number.NaN];
  const isWhole = rule !== null && [startTimeMs, untilMs ?? 0, ...skipped].every(Number.isFinite);
  if (!isWhole || typeof durationSeconds !== 'number' || typeof part !== 'string') return null;
  const group: Group = {
    id,
    zone: typeof zone === 'string' ? zone : null,
    rule,
    startTimeMs,
    untilMs,
    durationMs: durationSeconds * 1000,
    toMinute: typeof to === 'string' ? minuteOfDay(to) : null,
    exceptions: skipped,
  };
  const step = named === 'create' || named === 'update' || named === 'delete' ? named : null;
  return { group, part, step, by: step === null ? null : String(by ?? '') };
}

/** Parses a time of day such as `06:30` as minutes; null when it is none. */
export function minuteOfDay(text: string): number | null {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text.trim()) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && minutes < 24 * 60 ? minutes : null;
}

/** Formats minutes of the day, such as `06:30`. */
export function timeOfDay(minutes: number): string {
  const part = (value: number) => String(value).padStart(2, '0');
  return `${part(Math.floor(minutes / 60))}:${part(minutes % 60)}`;
}

function ruleOf(value: JsonValue | undefined): RecurrenceRule | null {
  if (!isObject(value)) return null;
  const { until, ...lists } = value;
  const rule = { ...lists, ...(until !== undefined && { untilMs: instant(until) }) } as unknown as RecurrenceRule;
  try {
    checkRule(rule);
    return rule;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function instant(value: JsonValue | undefined): number {
  return typeof value === 'string' ? parseInstant(value) : Number.NaN;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
