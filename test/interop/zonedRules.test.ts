import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { type ZonedRule, zonedRules } from '../../src/model/recurrence/zonedRules.js';
import { describeWith } from '../support/describeWith.js';
import { allOccurrences, type ZonedCase, zonedCase } from '../support/zonedCases.js';
import { missingPython, missingZoneData, type PythonProgram, startPython } from './python.js';

interface Answer {
  readonly unreachable?: string;
  readonly count: number;
  readonly digest: string;
  readonly seconds: readonly number[];
}

describeWith(missingPython() ?? missingZoneData(), 'rules in local time', () => {
  let python: PythonProgram;
  beforeAll(() => {
    python = startPython('zoned_rules.py');
  });
  afterAll(async () => {
    await python?.[Symbol.asyncDispose]();
  });

  it('have the occurrences that python-dateutil and zoneinfo give them, or are refused by name', {
    timeout: 3_600_000,
  }, async () => {
    const cases = fc.sample(zonedCase, { numRuns: process.env.TEST_LONG ? 10_000 : 300, seed: 20_261_129 });
    const refusals = new Map<string, number>();
    let [compared, rules] = [0, 0];
    for (let first = 0; first < cases.length; first += 25) {
      const batch = cases.slice(first, first + 25);
      const answers = await python.call<Answer[]>('evaluate', { rules: batch });
      for (const [index, zoned] of batch.entries()) {
        const answer = answers[index];
        const pieces = piecesOf(zoned, refusals);
        if (answer === undefined || pieces === null) continue;
        rules += pieces.length;
        compared += 1;
        const seconds = allOccurrences(pieces).map(ms => ms / 1000);
        if (answer.unreachable !== undefined) expect(seconds).toEqual([]);
        else if (digestOf(seconds) !== answer.digest) {
          expect({ zoned, count: seconds.length, seconds: seconds.slice(0, 2000) }).toEqual({
            zoned,
            count: answer.count,
            seconds: answer.seconds,
          });
          expect.fail(`other occurrences after the first 2000: ${JSON.stringify(zoned)}`);
        }
      }
    }
    console.info(
      `${cases.length} rules in local time: ${compared} as in Python, ${rules} UTC rules; refused: ${JSON.stringify(Object.fromEntries(refusals))}`,
    );
    const sum = [...refusals.values()].reduce((total, count) => total + count, 0);
    expect(compared + sum).toBe(cases.length);
    // Steps of hours and minutes that do not repeat daily apart, almost every rule can be expressed in UTC.
    const ofDays = [...refusals].filter(([reason]) => !reason.endsWith('interval'));
    expect(ofDays.reduce((total, [, count]) => total + count, 0)).toBeLessThan(cases.length * 0.02);
  });
});

/** The UTC rules; null, and counted by its reason, when it is refused. */
function piecesOf({ rule, startTimeMs, zone, untilMs }: ZonedCase, refusals: Map<string, number>): ZonedRule[] | null {
  try {
    return zonedRules(rule, startTimeMs, zone, untilMs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    expect(error.message).toMatch(/^(interval|byMinutes|byMonthDays|byMonths|byWeekdays) /);
    const reason = `${rule.frequency} ${error.message.split(' ')[0]}`;
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    return null;
  }
}

function digestOf(seconds: readonly number[]): string {
  return createHash('sha256').update(seconds.join(',')).digest('hex');
}
