import { integerParser } from './parseInteger.js';
import { integers, listOfRanges } from './parseRange.js';

/** Parses minutes of an hour, such as `0,30` or `0-10`; a range goes on at 0. */
export const parseMinutes = numbers('minutes', 0, 59);

/** Parses hours of a day, such as `8,17` or `22-6`; a range goes on at 0. */
export const parseHours = numbers('hours', 0, 23);

/** Parses months, such as `3,6` or `11-2`; a range goes on at January. */
export const parseMonths = numbers('months', 1, 12);

/** Parses days of a month, such as `1,15`, `1-7` or `-1`, the last one. */
export const parseMonthDays = listOfRanges(
  integerParser('days from 1 to 31, or from -31 to -1'),
  { values: integers(1, 31), isCyclic: false },
  { values: integers(-31, -1), isCyclic: false },
);

function numbers(what: string, first: number, last: number) {
  return listOfRanges(integerParser(`${what} from ${first} to ${last}`), {
    values: integers(first, last),
    isCyclic: true,
  });
}
