import { useId } from 'preact/hooks';

import { FREQUENCIES } from '../../../model/recurrence/checkRule.js';
import { CheckField, SelectField, TextField } from './Field.js';
import type { FormView } from './useForm.js';
import { Weekdays } from './Weekdays.js';

const UNITS: Readonly<Record<string, string>> = {
  MINUTELY: 'minutes',
  HOURLY: 'hours',
  DAILY: 'days',
  WEEKLY: 'weeks',
  MONTHLY: 'months',
  YEARLY: 'years',
};

/** The clock of a zone; of the zone UTC, told apart from UTC itself. */
function clockName(zone: string): string {
  return zone === 'UTC' ? 'UTC, as a zone' : zone;
}

/** The rule of a form as a sentence with fields in it, and what it then means in words. */
export function RuleEditor({ form, words }: { readonly form: FormView; readonly words: string | null }) {
  const { fields } = form;
  const wordsId = useId();
  const whose = fields.clock === 'utc' ? 'UTC' : fields.zone;
  const units = FREQUENCIES.map(name => [name, UNITS[name] ?? name] as const);
  // A unit that this version does not know stays what it is.
  const known = units.some(([name]) => name === fields.frequency)
    ? []
    : [[fields.frequency, fields.frequency] as const];
  return (
    <fieldset class="rule" aria-describedby={words === null ? undefined : wordsId}>
      <legend>Repetition</legend>
      <CheckField form={form} name="recurs" label="Repeats" />
      {fields.recurs && (
        <>
          {words !== null && (
            <p class="words" id={wordsId}>
              {words}
            </p>
          )}
          <div class="sentence">
            <TextField form={form} name="interval" label="every" short />
            <SelectField form={form} name="frequency" label="unit" options={[...units, ...known]} />
            <SelectField
              form={form}
              name="clock"
              label="by the clock of"
              options={[
                ['utc', 'UTC'],
                ...(fields.zone === 'UTC' && fields.clock === 'utc'
                  ? []
                  : [['local', clockName(fields.zone)] as const]),
              ]}
            />
          </div>
          <div class="sentence">
            <TextField
              form={form}
              name="hours"
              label={`in the hours (${whose})`}
              hint="8,17 or 22-6; empty: that of the start"
            />
            <TextField form={form} name="minutes" label="at the minutes" hint="0,30; empty: that of the start" />
          </div>
          <Weekdays form={form} />
          <div class="sentence">
            <TextField
              form={form}
              name="monthDays"
              label="on the days of the month"
              hint="1,15 or 1-7; -1 is the last"
            />
            <TextField form={form} name="months" label="in the months" hint="3,6 or 11-2" />
          </div>
          <div class="sentence">
            <SelectField
              form={form}
              name="ending"
              label="ends"
              options={[
                ['never', 'never'],
                ['count', 'after a number of runs'],
                ['until', 'at a time'],
              ]}
            />
            {fields.ending === 'count' && <TextField form={form} name="count" label="number of runs" short />}
            {fields.ending === 'until' && (
              <TextField
                form={form}
                name="until"
                label={`last start (${fields.zone})`}
                hint="a day includes all of it"
              />
            )}
          </div>
        </>
      )}
    </fieldset>
  );
}
