import { type DispatchChanges, encodeCreate, encodeUpdate, type NewDispatch } from '../../../client/requests.js';
import { DispatchError } from '../../../model/dispatchError.js';
import type { DispatchRecord } from '../../../model/dispatchRecord.js';
import { rehearseCreate, rehearseUpdate } from '../../../service/domain/rehearseWrite.js';
import { fieldProblems, violationProblems } from '../fields/fieldProblems.js';
import type { FieldProblems } from '../fields/planFields.js';

/** What a service would store, or why it would refuse it. */
export type Checked =
  | { readonly record: DispatchRecord; readonly problems: null }
  | { readonly record: null; readonly problems: FieldProblems };

/**
 * Checks a new dispatch by the rules of the service, without one. What is missing is not judged.
 *
 * @param nowMs the time by which a start counts as past, milliseconds since the epoch
 */
export function checkCreate(microgridId: number, parts: Partial<NewDispatch>, nowMs: number): Checked {
  const valid: NewDispatch = { type: 'ANY', startTime: 'NOW', selector: { ids: [1] } };
  return checked(parts, rest => rehearseCreate(encodeCreate(microgridId, { ...valid, ...rest }), nowMs));
}

/**
 * Checks a change of a dispatch by the rules of the service, without one.
 *
 * @param nowMs the time by which a new start counts as past, milliseconds since the epoch
 */
export function checkUpdate(record: DispatchRecord, changes: DispatchChanges, nowMs: number): Checked {
  return checked(changes, rest => rehearseUpdate(record, encodeUpdate(record.microgridId, record.id, rest), nowMs));
}

/** Rehearses a request; parts that the contract cannot represent are told and left out, so that the others are judged, too. */
function checked<Parts extends object>(parts: Parts, rehearse: (rest: Parts) => DispatchRecord): Checked {
  const unwritable: (readonly [string, string])[] = [];
  for (let rest = parts; ; ) {
    try {
      const record = rehearse(rest);
      return unwritable.length === 0
        ? { record, problems: null }
        : { record: null, problems: fieldProblems(unwritable) };
    } catch (error) {
      if (error instanceof DispatchError && error.code === 'INVALID_ARGUMENT')
        return { record: null, problems: { ...violationProblems(error), ...fieldProblems(unwritable) } };
      // Its message begins with the field.
      const [, name = ''] = error instanceof RangeError ? (/^(?:a key of )?(\w+)/.exec(error.message) ?? []) : [];
      if (!(error instanceof RangeError) || !(name in rest)) throw error;
      unwritable.push([error.message, problemText(error.message, name)]);
      const { [name as keyof Parts]: _, ...others } = rest;
      rest = others as Parts;
    }
  }
}

/** An encoder's message for people: without the name that the field has in programs. */
function problemText(message: string, name: string): string {
  if (name === 'durationMs') return 'It must be at most 4294967295 seconds, which is 136 years.';
  const [whole, index] = /^recurrence\.\w+(?:\[(\d+)\])? /.exec(message) ?? [];
  if (whole !== undefined)
    return `${index === undefined ? 'It' : `Entry ${Number(index) + 1}`} ${message.slice(whole.length)}.`;
  const text = message.startsWith(`${name} `) ? `It${message.slice(name.length)}` : message;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
