import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addRecurrenceOptions, readRecurrence } from '../../src/cli/input/recurrenceOptions.js';
import { splitLine } from '../../src/cli/shell/splitLine.js';
import { Dispatch } from '../../src/dispatch.js';
import { occurrences } from '../../src/model/recurrence/recurrence.js';
import type { RecurrenceRule } from '../../src/model/recurrence/recurrenceRule.js';
import { ruleFromRfc5545, ruleToRfc5545 } from '../../src/model/recurrence/ruleRfc5545.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { startDispatcher } from '../support/startDispatcher.js';
import { at } from '../support/time.js';

const page = readFileSync('docs/recurrence.md', 'utf8');
const startMs = Date.parse('2026-01-01T08:00Z');

/** The rule that options of the command make. */
async function ruleOf(options: string): Promise<RecurrenceRule> {
  const command = addRecurrenceOptions(new Command()).exitOverride().parse(splitLine(options), { from: 'user' });
  const rule = await readRecurrence(command.opts(), startMs);
  if (rule === undefined) throw new Error(`no rule in '${options}'`);
  return rule;
}

/** The first occurrences of a rule from its start on, at most `limit`. */
function startsOf(rule: RecurrenceRule, fromMs: number, limit = 1_000): number[] {
  const found = occurrences(rule, fromMs);
  const starts: number[] = [];
  for (let next = found.after(fromMs); next !== null && starts.length < limit; next = found.after(next, false)) {
    starts.push(next);
  }
  return starts;
}

/** `Thu 1 Jan 08:00`, with the year unless it is 2026. */
function startText(ms: number): string {
  const [weekday, day, month, year, time] = new Date(ms).toUTCString().split(/,? /);
  return `${weekday} ${Number(day)} ${month} ${year === '2026' ? '' : `${year} `}${time?.slice(0, 5)}`;
}

const examples = [...page.matchAll(/^\| (?<schedule>[^|]+) \| `(?<options>-f [^|]+)` \| (?<runs>[^|]+) \|$/gm)];

describe('the page on recurrence', () => {
  it('has examples', () => expect(examples).toHaveLength(19));

  it.each(examples.map(({ groups }) => groups ?? {}))('runs $schedule', async ({ options = '', runs = '' }) => {
    const rule = await ruleOf(options);
    const expected = runs === 'none' ? [] : runs.replace(', then none', '').split(', ');
    const ends = runs.endsWith('none');
    expect(startsOf(rule, startMs, ends ? 9 : expected.length).map(startText)).toEqual(expected);
    // The text of the rule means the same.
    const again = ruleFromRfc5545(ruleToRfc5545(rule, startMs));
    expect(startsOf(again, startMs, 20)).toEqual(startsOf(rule, startMs, 20));
  });

  it('keeps every fifteen minutes between 8 and 18 within these hours', async () => {
    const rule = await ruleOf(
      examples.find(({ groups }) => groups?.schedule?.includes('15 minutes'))?.groups?.options ?? '',
    );
    const times = startsOf(rule, startMs, 41).map(startText);
    expect(times.slice(38)).toEqual(['Thu 1 Jan 17:30', 'Thu 1 Jan 17:45', 'Fri 2 Jan 08:00']);
  });

  it('keeps one local time with a dispatch for each period of daylight saving time', async () => {
    const dispatches = [...page.matchAll(/^dispatch create 1 HEAT BATTERY (\S+) 1h (-f .*?) {2}#/gm)];
    expect(dispatches).toHaveLength(2);
    const starts: number[] = [];
    for (const [, start, options = ''] of dispatches)
      starts.push(...startsOf(await ruleOf(options), Date.parse(`${start}Z`)));
    const local = new Intl.DateTimeFormat('en-GB', {
      timeZone: 'Europe/Berlin',
      dateStyle: 'short',
      timeStyle: 'short',
    });
    const days = starts.map(ms => local.format(ms).split(', '));
    expect(new Set(days.map(([, time]) => time))).toEqual(new Set(['08:00']));
    expect(new Set(days.map(([day]) => day)).size).toBe(364);
    expect([local.format(starts[0]), local.format(starts.at(-1))]).toEqual(['28/03/2027, 08:00', '25/03/2028, 08:00']);
    const shifting = startsOf(await ruleOf('-f daily --by-hour 7'), startMs, 365).map(ms => local.format(ms));
    expect([shifting[0], shifting[180]]).toEqual(['02/01/2026, 08:00', '01/07/2026, 09:00']);
    expect(local.format(Date.parse('2026-01-04T23:30Z'))).toBe('05/01/2026, 00:30');
  });

  it.each([1, 2])('starts each of the runs of %i h every hour, and stops once', async hours => {
    const recurrence: RecurrenceRule = { frequency: 'HOURLY', interval: 1, count: 3 };
    await using test = await startDispatcher({
      dispatches: [dispatchRecord({ durationMs: hours * hourMs, recurrence })],
    });
    test.said();
    await test.clock.advanceTo(at('18:00'));
    const said = test.said().map(line => line.replace(/-.* at /, ' at '));
    expect(said).toEqual([
      '1 started 10:00 at 10:00',
      '1 started 11:00 at 11:00',
      '1 started 12:00 at 12:00',
      `1 stopped 12:00 at ${12 + hours}:00`,
    ]);
  });

  it('runs once without a duration, and never by a rule that never matches', async () => {
    const now = new Date(startMs);
    const once = new Dispatch(
      dispatchRecord({ startTimeMs: startMs, durationMs: null, recurrence: await ruleOf('-f daily') }),
    );
    expect([...once.runs(now, new Date(startMs + 100 * hourMs))]).toEqual([{ startMs, endMs: null }]);
    const never = await ruleOf('-f monthly --by-month 2 --by-monthday 30');
    const dispatch = new Dispatch(dispatchRecord({ startTimeMs: startMs, durationMs: hourMs, recurrence: never }));
    expect(dispatch.nextRunAfter(now)).toBeNull();
    await using test = await startDispatcher({ dispatches: [dispatch.record] });
    expect(test.dispatcher.actor.getSnapshot().children.pool?.getSnapshot().context.get(1)?.state).toBe('stopped');
  });

  it('prints what its program says', async () => {
    const program = page.match(/```ts\n(.*?)```/s)?.[1] ?? '';
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import=tsx',
      '--input-type=module',
      '--eval',
      program.replace(', type RecurrenceRule', '').replace(': RecurrenceRule', ''),
    ]);
    const comments = [...program.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text ?? '');
    expect(comments).toHaveLength(6);
    // A comment may say more after the output.
    const lines = stdout.trim().split('\n');
    expect(comments.map((comment, i) => comment.slice(0, lines[i]?.length))).toEqual(lines);
  });
});
