/** A dispatch as Python holds it (`dispatch_json.py`). */
export interface PythonDispatch {
  readonly id: number;
  readonly type: string;
  readonly start_time: string;
  readonly duration: number | null;
  readonly target: PythonTarget;
  readonly active: boolean;
  readonly dry_run: boolean;
  readonly payload: object;
  readonly recurrence: PythonRule;
  readonly create_time: string;
  readonly update_time: string;
  readonly end_time: string | null;
}

/** Component ids, or members of Python's enums such as `BatteryType.LI_ION`; in ascending order when Python tells them. */
export type PythonTarget = { readonly ids: readonly number[] } | { readonly categories: readonly string[] };

/** A recurrence rule as Python holds it. */
export interface PythonRule {
  readonly frequency: string;
  readonly interval: number;
  readonly end_criteria: { readonly count: number | null; readonly until: string | null } | null;
  readonly byminutes: readonly number[];
  readonly byhours: readonly number[];
  readonly byweekdays: readonly string[];
  readonly bymonthdays: readonly number[];
  readonly bymonths: readonly number[];
}

/** What Python is asked to create; fields of a rule that are left out keep Python's default. */
export interface NewPythonDispatch
  extends Partial<Omit<PythonDispatch, 'recurrence' | 'id' | 'create_time' | 'update_time' | 'end_time'>> {
  readonly recurrence?: Partial<Omit<PythonRule, 'end_criteria'>> & { readonly end_criteria?: object };
}

/** What Python holds in place of no rule. */
export const noRule: PythonRule = {
  frequency: 'UNSPECIFIED',
  interval: 0,
  end_criteria: null,
  byminutes: [],
  byhours: [],
  byweekdays: [],
  bymonthdays: [],
  bymonths: [],
};

/** The whole second that comes so many milliseconds from now, or next after that. */
export function fromNow(ms: number): string {
  return new Date(Math.ceil((Date.now() + ms) / 1000) * 1000).toISOString();
}

/** The instant so many milliseconds after another one. */
export function later(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString();
}
