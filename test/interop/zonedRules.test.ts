import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ZonedRule, zonedRules } from '../../src/model/recurrence/zonedRules.js';
import type { Group } from '../../src/planning/groups/group.js';
import { type PartPlan, partsOf } from '../../src/planning/groups/groupParts.js';
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
    for (const batch of batchesOf(cases, 25)) {
      const answers = await python.call<Answer[]>('evaluate', { rules: batch });
      const piecesOfBatch = batch.map(zoned => piecesOf(zoned, refusals));
      // The Python dispatcher evaluates each dispatch by python-dateutil, too.
      const utc = piecesOfBatch
        .flatMap(pieces => pieces ?? [])
        .map(piece => ({ ...piece, zone: 'UTC', untilMs: piece.rule.untilMs }));
      const counts = (await python.call<Answer[]>('evaluate', { rules: utc })).map(({ count }) => count);
      expect(counts).toEqual(
        piecesOfBatch.flatMap(pieces => pieces ?? []).map(piece => allOccurrences([piece]).length),
      );
      for (const [index, zoned] of batch.entries()) {
        const answer = answers[index];
        const pieces = piecesOfBatch[index] ?? null;
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

  it('have all occurrences but those that are skipped, as python-dateutil gives them', {
    timeout: 3_600_000,
  }, async () => {
    const wanted = process.env.TEST_LONG ? 1_000 : 100;
    const counts = { skipped: 0, dispatches: 0, plain: 0, zoned: 0 };
    for (const batch of batchesOf(fc.sample(skipCase, { numRuns: wanted * 2, seed: 20_261_130 }), 25)) {
      if (counts.skipped >= wanted) break;
      const answers = await python.call<Answer[]>('evaluate', { rules: batch.map(({ zoned }) => zoned) });
      for (const [index, { zoned, picks, isPlain }] of batch.entries()) {
        const seconds = answers[index]?.seconds ?? [];
        if (seconds.length < 2 || answers[index]?.count !== seconds.length) continue;
        const skipped = [...new Set(picks.map(pick => seconds[pick % seconds.length] ?? 0))].sort((a, b) => a - b);
        const parts = partsUnlessRefused(groupOf(zoned, isPlain, skipped));
        if (parts === null) continue;
        const left = seconds.filter(second => !skipped.includes(second));
        // The oracle evaluates up to an end, which a count may reach later.
        const own = allOccurrences(parts).filter(ms => ms <= zoned.untilMs);
        expect({ zoned, seconds: own.map(ms => ms / 1000) }).toEqual({ zoned, seconds: left });
        counts.skipped += skipped.length;
        counts.dispatches += parts.length;
        counts[isPlain ? 'plain' : 'zoned'] += 1;
      }
    }
    console.info(`skipped runs, as in Python: ${JSON.stringify(counts)}`);
    expect(counts.skipped).toBeGreaterThanOrEqual(wanted);
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

/** A rule, in local time or plain in UTC, with some of its runs to skip: numbers that are taken modulo how many it has. */
const skipCase = fc
  .record({ zoned: zonedCase, picks: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), isPlain: fc.boolean() })
  .map(({ zoned, picks, isPlain }) => ({ zoned: isPlain ? { ...zoned, zone: 'UTC' } : zoned, picks, isPlain }));

function groupOf({ rule, startTimeMs, zone, untilMs }: ZonedCase, isPlain: boolean, skipped: readonly number[]): Group {
  const ending = rule.count === undefined ? { untilMs: Math.min(untilMs, rule.untilMs ?? untilMs) } : {};
  return {
    id: 'g00000001',
    zone: isPlain ? null : zone,
    rule: isPlain ? { ...rule, ...ending } : rule,
    startTimeMs,
    untilMs: isPlain ? null : untilMs,
    durationMs: 60_000,
    toMinute: null,
    exceptions: skipped.map(second => second * 1000),
  };
}

function partsUnlessRefused(group: Group): PartPlan[] | null {
  try {
    return partsOf(group);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function batchesOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
