import { useId } from 'preact/hooks';

import { WEEKDAYS } from '../../../model/recurrence/checkRule.js';
import type { Weekday } from '../../../model/recurrence/recurrenceRule.js';
import { ORDINAL_DAYS, ORDINALS, type Ordinal } from '../../../model/recurrence/weekdayOrdinals.js';
import { Choice } from '../../kit/Choice.js';
import { weekdayOrdinal } from '../fields/weekdayOrdinal.js';
import { describedBy, Notes } from './Field.js';
import type { FormView } from './useForm.js';

const OF_MONTH = ORDINALS.map(ordinal => [ordinal, `the ${ordinal} of the month`] as const);

/** The weekdays of a rule, and where it can say so, which of each in the month. */
export function Weekdays({ form }: { readonly form: FormView }) {
  const id = useId();
  const { weekdays } = form.fields;
  const problems = form.problemsOf('weekdays');
  const ordinal = weekdayOrdinal(form.fields);
  const toggle = (day: Weekday, on: boolean) =>
    form.change(
      'weekdays',
      WEEKDAYS.filter(one => (one === day ? on : weekdays.includes(one))),
    );
  return (
    <fieldset class="weekdays" aria-describedby={describedBy(id, undefined, problems)}>
      <legend>on the weekdays</legend>
      {WEEKDAYS.map(day => (
        <label key={day}>
          <input
            type="checkbox"
            checked={weekdays.includes(day)}
            disabled={!form.isEditable}
            onChange={event => toggle(day, event.currentTarget.checked)}
          />{' '}
          {day.charAt(0) + day.slice(1, 3).toLowerCase()}
        </label>
      ))}
      {ordinal !== null && (
        <Choice
          label="of these"
          value={ordinal}
          disabled={!form.isEditable}
          options={[
            ['each', 'each'],
            ...OF_MONTH,
            ...(ordinal === 'days' ? [['days', 'those on the days below'] as const] : []),
          ]}
          onChoose={chosen => form.change('monthDays', chosen === 'each' ? '' : daysText(chosen as Ordinal))}
        />
      )}
      <Notes id={id} problems={problems} />
    </fieldset>
  );
}

function daysText(ordinal: Ordinal): string {
  const days = ORDINAL_DAYS[ordinal];
  return ordinal === 'last' ? days.join(', ') : `${days[0]}-${days.at(-1)}`;
}
