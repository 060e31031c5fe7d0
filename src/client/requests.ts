import type { Interval } from '../../proto/gen/frequenz/api/common/v1alpha8/types/interval.js';
import type {
  CreateMicrogridDispatchRequest,
  DispatchFilter,
  ListMicrogridDispatchesRequest,
  UpdateMicrogridDispatchRequest,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { SortField, SortOrder } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { JsonObject } from '../model/dispatchRecord.js';
import type { RecurrenceRule } from '../model/recurrence/recurrenceRule.js';
import type { Selector } from '../model/selector.js';
import { encodeDuration } from '../wire/dispatchCodec.js';
import { encodeEnum } from '../wire/enumNames.js';
import { encodeId, encodeUint32 } from '../wire/integerCodec.js';
import { encodePayload } from '../wire/payloadCodec.js';
import { encodeRecurrenceRule } from '../wire/recurrenceRuleCodec.js';
import { encodeSelector } from '../wire/selectorCodec.js';
import { encodeText } from '../wire/textCodec.js';
import { encodeInstantMs } from '../wire/timestampCodec.js';
import { checkFields, dispatchFields, listFields, ruleFields } from './requestFields.js';

/** The data of a new dispatch. */
export interface NewDispatch {
  readonly type: string;
  /** When the first run begins; the service rounds it to whole seconds. `'NOW'`: immediately, by the clock of the service. */
  readonly startTime: Date | 'NOW';
  /** Duration of each run in milliseconds, a multiple of 1000; null: no end. @default null */
  readonly durationMs?: number | null;
  readonly selector: Selector;
  /** @default {} */
  readonly payload?: JsonObject;
  /** @default true */
  readonly active?: boolean;
  /** @default false */
  readonly dryRun?: boolean;
  /** Null: the dispatch runs once. @default null */
  readonly recurrence?: RecurrenceRule | null;
}

/** The fields of a dispatch to update; absent fields stay. Type and dry run cannot be updated. */
export interface DispatchChanges {
  readonly startTime?: Date;
  /** Null: no end. */
  readonly durationMs?: number | null;
  readonly selector?: Selector;
  readonly active?: boolean;
  /** Replaces the whole payload. */
  readonly payload?: JsonObject;
  /** Replaces the whole rule; null: the dispatch runs once. */
  readonly recurrence?: RecurrenceRule | null;
}

/** Filter and order of a list. A dispatch must match every filter that is given. Intervals exclude their end. */
export interface ListOptions {
  /** Dispatches that select one of these components. */
  readonly selectors?: readonly Selector[];
  readonly active?: boolean;
  readonly dryRun?: boolean;
  /** Whether the dispatches have a recurrence rule. */
  readonly recurring?: boolean;
  readonly startFrom?: Date;
  readonly startTo?: Date;
  /** A dispatch without an end counts as ending after every instant. */
  readonly endFrom?: Date;
  readonly endTo?: Date;
  readonly updateFrom?: Date;
  readonly updateTo?: Date;
  /** Dispatches with one of these ids. */
  readonly ids?: readonly number[];
  /** Dispatches that match one of these: `#4` the id 4, any other text a part of the type. */
  readonly queries?: readonly string[];
  /** @default newest first */
  readonly sort?: {
    readonly field: 'startTime' | 'createTime' | 'updateTime';
    /** @default 'ascending' */
    readonly order?: 'ascending' | 'descending';
  };
  /** Dispatches per page. @default chosen by the service */
  readonly pageSize?: number;
}

const sortFields = {
  startTime: SortField.START_TIME,
  createTime: SortField.CREATE_TIME,
  updateTime: SortField.LAST_UPDATE_TIME,
};
const sortOrders = { ascending: SortOrder.ASCENDING, descending: SortOrder.DESCENDING };

/** Mask paths of a whole rule, part by part: not every service accepts the path `recurrence` alone. */
const rulePaths = [
  'recurrence.freq',
  'recurrence.interval',
  'recurrence.end_criteria',
  'recurrence.byminutes',
  'recurrence.byhours',
  'recurrence.byweekdays',
  'recurrence.bymonthdays',
  'recurrence.bymonths',
];

/** @throws RangeError that names the field when the contract cannot represent the dispatch. */
export function encodeCreate(microgridId: number, dispatch: NewDispatch): CreateMicrogridDispatchRequest {
  const { type, startTime, durationMs = null, selector, payload = {}, active = true, dryRun = false } = dispatch;
  const { recurrence = null } = dispatch;
  checkFields(dispatch, dispatchFields, '');
  return {
    microgridId: encodeId(microgridId, 'microgridId'),
    dispatchData: {
      type: encodeText(type, 'type'),
      startTime: startTime === 'NOW' ? undefined : encodeDate(startTime, 'startTime'),
      duration: encodeDuration(durationMs),
      target: encodeSelector(selector, 'selector'),
      isActive: active,
      isDryRun: dryRun,
      payload: encodePayload(payload, 'payload'),
      recurrence: recurrence === null ? undefined : encodeRule(recurrence),
    },
    startImmediately: startTime === 'NOW',
  };
}

/** @throws RangeError that names the field when the contract cannot represent a change, or does not allow it. */
export function encodeUpdate(
  microgridId: number,
  id: number,
  changes: DispatchChanges,
): UpdateMicrogridDispatchRequest {
  const update: NonNullable<UpdateMicrogridDispatchRequest['update']> = {
    startTime: undefined,
    target: undefined,
    payload: undefined,
    recurrence: undefined,
  };
  const updateMask: string[] = [];
  const take: { readonly [field in keyof Required<DispatchChanges>]: () => string | readonly string[] } = {
    startTime: () => {
      update.startTime = encodeDate(changes.startTime as Date, 'startTime');
      return 'start_time';
    },
    durationMs: () => {
      update.duration = encodeDuration(changes.durationMs ?? null);
      return 'duration';
    },
    selector: () => {
      update.target = encodeSelector(changes.selector as Selector, 'selector');
      return 'target';
    },
    active: () => {
      update.isActive = changes.active;
      return 'is_active';
    },
    payload: () => {
      update.payload = encodePayload(changes.payload as JsonObject, 'payload');
      return 'payload';
    },
    recurrence: () => {
      update.recurrence = changes.recurrence ? encodeRule(changes.recurrence) : undefined;
      return rulePaths;
    },
  };
  for (const [field, value] of Object.entries(changes)) {
    if (!Object.hasOwn(take, field))
      throw new RangeError(`${field} cannot be updated, only ${Object.keys(take).join(', ')}`);
    if (value !== undefined) updateMask.push(...[take[field as keyof DispatchChanges]()].flat());
  }
  return { microgridId: encodeId(microgridId, 'microgridId'), dispatchId: encodeId(id, 'id'), updateMask, update };
}

/** @throws RangeError that names the field when the contract cannot represent a filter. */
export function encodeList(
  microgridId: number,
  options: ListOptions,
  pageToken: string | undefined,
): ListMicrogridDispatchesRequest {
  const { sort, pageSize } = options;
  checkFields(options, listFields, '');
  return {
    microgridId: encodeId(microgridId, 'microgridId'),
    filter: encodeFilter(options),
    sortOptions: sort && {
      sortField: encodeEnum(sortFields, sort.field, 'sort.field'),
      sortOrder: encodeEnum(sortOrders, sort.order ?? 'ascending', 'sort.order'),
    },
    paginationParams:
      pageToken !== undefined
        ? { params: { $case: 'pageToken', value: pageToken } }
        : pageSize === undefined
          ? undefined
          : { params: { $case: 'pageSize', value: encodeUint32(pageSize, 'pageSize') } },
  };
}

function encodeFilter(options: ListOptions): DispatchFilter {
  return {
    targets: (options.selectors ?? []).map((selector, i) => encodeSelector(selector, `selectors[${i}]`)),
    isActive: options.active,
    isDryRun: options.dryRun,
    recurrence: options.recurring === undefined ? undefined : { $case: 'isRecurring', value: options.recurring },
    startTimeInterval: encodeInterval(options.startFrom, options.startTo, 'start'),
    endTimeInterval: encodeInterval(options.endFrom, options.endTo, 'end'),
    updateTimeInterval: encodeInterval(options.updateFrom, options.updateTo, 'update'),
    dispatchIds: (options.ids ?? []).map((id, i) => encodeId(id, `ids[${i}]`)),
    queries: (options.queries ?? []).map((query, i) => encodeText(query, `queries[${i}]`)),
  };
}

function encodeInterval(from: Date | undefined, to: Date | undefined, field: string): Interval | undefined {
  if (from === undefined && to === undefined) return undefined;
  return { startTime: from && encodeDate(from, `${field}From`), endTime: to && encodeDate(to, `${field}To`) };
}

function encodeRule(rule: RecurrenceRule): ReturnType<typeof encodeRecurrenceRule> {
  checkFields(rule, ruleFields, 'recurrence.');
  return encodeRecurrenceRule(rule, 'recurrence');
}

function encodeDate(date: Date, field: string) {
  if (!(date instanceof Date)) throw new RangeError(`${field} must be a Date`);
  return encodeInstantMs(date.getTime(), field);
}
