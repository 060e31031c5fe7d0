import type { Command } from 'commander';

import { type Occurrences, occurrences } from '../../src/model/recurrence/recurrence.js';
import type { RecurrenceRule } from '../../src/model/recurrence/recurrenceRule.js';
import { readRuleCases } from '../support/ruleVectors.js';
import { median, positiveInteger, round } from './figures.js';
import type { Report } from './report.js';

const NAME = 'recurrence';
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2016, 0, 1, 0, 7, 30);
const CALLS_PER_BATCH = 500;

const RULES: readonly RecurrenceRule[] = [
  { frequency: 'MINUTELY', interval: 15, byHours: [8, 9, 10, 11, 16, 17], byWeekdays: ['MONDAY', 'FRIDAY'] },
  { frequency: 'HOURLY', interval: 5, byMinutes: [0, 30] },
  { frequency: 'DAILY', interval: 3, byHours: [8, 17] },
  { frequency: 'WEEKLY', interval: 2, byWeekdays: ['MONDAY', 'WEDNESDAY', 'FRIDAY'] },
  { frequency: 'MONTHLY', interval: 1, byMonthDays: [1, -1] },
  { frequency: 'YEARLY', interval: 1, byMonths: [3, 10], byWeekdays: ['SUNDAY'] },
];
const AGES = { '1 day': DAY_MS, '1 year': 365 * DAY_MS, '10 years': 3652 * DAY_MS };

/** What a search for an occurrence costs, for rules of each frequency and three ages, and at worst. */
export function recurrenceBenchmark(program: Command, report: Report): void {
  program
    .command(NAME)
    .description('what it costs to find the next or previous occurrence of a rule')
    .option('--batches <n>', `batches of ${CALLS_PER_BATCH} calls to take the median of`, positiveInteger, 200)
    .action((options: { batches: number }) => {
      const results = searchCosts(options.batches);
      for (const result of results) report(NAME, result);
      const vectors = vectorCosts();
      report(NAME, {
        medianUs: round(median(results.map(result => result.medianUs))),
        maxRatio10YearsTo1Year: round(Math.max(...ageRatios(results))),
        worstCallUs: round(vectors.worstUs),
        worstCallWithConstructionUs: round(vectors.worstWithConstructionUs),
        plainWorstCallUs: round(vectors.plainWorstUs),
        constructionMedianUs: round(vectors.constructionMedianUs),
        vectorQueries: vectors.queries,
      });
    });
}

interface SearchCost {
  readonly frequency: string;
  readonly age: string;
  readonly op: 'after' | 'before';
  readonly medianUs: number;
  readonly [figure: string]: string | number;
}

function searchCosts(batches: number): SearchCost[] {
  const searches = RULES.flatMap(rule =>
    Object.entries(AGES).flatMap(([age, ageMs]) =>
      (['after', 'before'] as const).map(op => ({
        frequency: String(rule.frequency),
        age,
        op,
        ageMs,
        calculator: occurrences(rule, START_MS),
        timesUs: [] as number[],
      })),
    ),
  );
  // The searches take turns, so that a disturbance of the machine does not fall on one of them alone.
  for (let batch = -20; batch < batches; batch += 1) {
    for (const { calculator, op, ageMs, timesUs } of searches) {
      const timeUs = batchUs(calculator, op, START_MS + ageMs) / CALLS_PER_BATCH;
      if (batch >= 0) timesUs.push(timeUs);
    }
  }
  return searches.map(({ frequency, age, op, timesUs }) => ({ frequency, age, op, medianUs: round(median(timesUs)) }));
}

function batchUs(calculator: Occurrences, op: 'after' | 'before', fromMs: number): number {
  const startedAt = process.hrtime.bigint();
  for (let call = 0; call < CALLS_PER_BATCH; call += 1) calculator[op](fromMs + call * 97_003);
  return Number(process.hrtime.bigint() - startedAt) / 1000;
}

function ageRatios(results: readonly SearchCost[]): number[] {
  return results
    .filter(({ age }) => age === '10 years')
    .map(old => {
      const young = results.find(
        ({ frequency, op, age }) => frequency === old.frequency && op === old.op && age === '1 year',
      );
      return young === undefined ? Number.NaN : old.medianUs / young.medianUs;
    });
}

/**
 * The costs of all queries of the test vectors, each on a new calculator, so that finding where a count ends is in. The worst
 * is the highest of each query's lowest time of several: a time that the machine's other work did not lengthen. The plain
 * worst takes the highest instead.
 */
function vectorCosts() {
  const constructionUs: number[] = [];
  let worstUs = 0;
  let worstWithConstructionUs = 0;
  let plainWorstUs = 0;
  let queries = 0;
  const cases = readRuleCases();
  for (const warmUp of [true, false]) {
    for (const { rule, startMs, queries: asked } of cases) {
      for (const { op, tMs, inclusive } of asked) {
        const calls: number[] = [];
        const constructions: number[] = [];
        for (let repetition = 0; repetition < 5; repetition += 1) {
          const startedAt = process.hrtime.bigint();
          const calculator = occurrences(rule, startMs);
          const constructedAt = process.hrtime.bigint();
          calculator[op](tMs, inclusive);
          calls.push(Number(process.hrtime.bigint() - constructedAt) / 1000);
          constructions.push(Number(constructedAt - startedAt) / 1000);
        }
        if (warmUp) continue;
        queries += 1;
        const callUs = Math.min(...calls);
        constructionUs.push(Math.min(...constructions));
        worstUs = Math.max(worstUs, callUs);
        worstWithConstructionUs = Math.max(worstWithConstructionUs, callUs + Math.min(...constructions));
        plainWorstUs = Math.max(plainWorstUs, ...calls);
      }
    }
  }
  return { worstUs, worstWithConstructionUs, plainWorstUs, queries, constructionMedianUs: median(constructionUs) };
}
