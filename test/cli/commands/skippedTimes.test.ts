import { describe, expect, it } from 'vitest';

import { importPlan } from '../../../src/cli/exchange/importPlan.js';
import { readCalendar } from '../../../src/cli/exchange/readCalendar.js';
import { runCli } from '../../support/runCli.js';

const IN_BERLIN = ['--time-zone', 'Europe/Berlin', '--until'];

async function previewed(...args: string[]) {
  const { stdout, stderr } = await runCli(['preview', ...args, '--json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { rule: string; runs: { startMs: number; endMs: number }[]; notes: string[] };
}

const startsOf = ({ runs }: { runs: { startMs: number }[] }) =>
  runs.map(({ startMs }) => new Date(startMs).toISOString().slice(0, 16));

/** An event in Berlin. */
const calendarOf = (...lines: string[]) =>
  [
    ...['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:one', 'SUMMARY:CHARGE', 'X-DISPATCH-TARGET:1'],
    ...[...lines, 'END:VEVENT', 'END:VCALENDAR'],
  ].join('\r\n');

describe('a rule that starts at a time that its zone skips', () => {
  it('keeps that time on the days that have it', async () => {
    const shown = await previewed('2027-03-28 02:15', '--to', '03:00', '-f', 'daily', ...IN_BERLIN, '2027-03-30');
    expect(shown.rule).toMatch(/^every day at 02:15 Europe\/Berlin/);
    expect(startsOf(shown)).toEqual(['2027-03-28T01:15', '2027-03-29T00:15', '2027-03-30T00:15']);
    expect(shown.runs.map(({ startMs, endMs }) => (endMs - startMs) / 60_000)).toEqual([45, 45, 45]);
  });

  it('is told once', async () => {
    const TOLD =
      '2027-03-28 02:30 does not exist in Europe/Berlin, where the clock goes forward over it: Sun 2027-03-28 03:30:00 CEST is taken.';
    const plan = ['2027-03-28 02:30', '1h', '-f', 'daily', ...IN_BERLIN, '2027-04-02'];
    expect((await previewed(...plan)).notes).toEqual([TOLD]);
    expect((await runCli(['preview', ...plan])).stderr).toBe(`note: ${TOLD}\n`);
    expect((await runCli(['create', '1', 'A', '1', ...plan, '--dry'])).stderr).toBe(`note: ${TOLD}\n`);
    const lines = ['DTSTART;TZID=Europe/Berlin:20270328T023000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=5'];
    const entries = await readCalendar(calendarOf(...lines), {});
    expect(entries.flatMap(entry => ('plan' in entry ? (entry.notes ?? []) : [])).map(({ text }) => text)).toEqual([
      TOLD,
    ]);
    // As an instant, the start says nothing of that time.
    const instant = ['2027-03-28T01:30Z', ...plan.slice(1), '--by-hour', '2', '--by-minute', '30'];
    expect((await previewed(...instant)).notes).toEqual([expect.stringContaining('is meant at 02:30')]);
  });

  it('keeps its weekday, also where the gap begins at midnight', async () => {
    // In Cairo, Friday 2027-04-30 begins at 01:00.
    const cairo = ['--time-zone', 'Africa/Cairo', '--until', '2027-05-08'];
    expect(startsOf(await previewed('2027-04-30 00:30', '1h', '-f', 'weekly', ...cairo))).toEqual([
      '2027-04-29T22:30',
      '2027-05-06T21:30',
    ]);
  });

  it('is refused where its steps would count from another time', async () => {
    const args = ['preview', '2027-03-28 02:30', '1h', '-f', 'hourly', '--interval', '2', ...IN_BERLIN, '2027-04-02'];
    const { code, stderr } = await runCli(args);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('The start does not exist in') });
    expect(startsOf(await previewed(...args.slice(1, 5), ...IN_BERLIN, '2027-03-28 05:00'))).toEqual([
      ...['2027-03-28T01:30', '2027-03-28T02:30'],
    ]);
  });

  it('is read so from a calendar, and its count counts from there', async () => {
    const lines = ['DTSTART;TZID=Europe/Berlin:20270328T023000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=5'];
    const entries = await readCalendar(calendarOf(...lines), {});
    expect(
      entries.map(entry => 'plan' in entry && new Date(entry.plan.startTimeMs).toISOString().slice(0, 16)),
    ).toEqual(['2027-03-28T01:30', '2027-03-29T00:30']);
    const last = entries.at(-1);
    expect(last && 'plan' in last && last.plan.recurrence?.untilMs).toBe(Date.parse('2027-04-01T00:30Z'));
  });
});

describe('a run that its zone moves', () => {
  const MOVED = 'The run of Sun 2027-03-28 03:30:00 CEST is meant at 02:30: the clock goes forward over that time.';

  it('is named', async () => {
    const plan = ['2027-03-26 02:30', '30m', '-f', 'daily', ...IN_BERLIN, '2027-04-05'];
    expect((await previewed(...plan)).notes).toEqual([MOVED]);
    const { stderr } = await runCli(['create', '1', 'A', '1', ...plan, '--dry']);
    expect(stderr).toContain(`note: ${MOVED}\n`);
    const to = ['2027-03-26 02:30', '--to', '03:00', ...plan.slice(2)];
    expect((await previewed(...to)).notes).toContain(MOVED);
    const two = [...plan, '--by-hour', '2,3', '--by-minute', '30'];
    expect((await previewed(...two)).notes).toEqual([]);
  });

  it('is named of the right part of a calendar, and only when it is to come', async () => {
    const lines = [
      'DTSTART;TZID=Europe/Berlin:20250101T023000',
      'DURATION:PT8H',
      'RRULE:FREQ=DAILY;UNTIL=20280301T000000Z',
    ];
    const entries = await readCalendar(calendarOf(...lines), {});
    const told = (atMs: number) =>
      importPlan(entries, [], atMs).flatMap(step =>
        step.step === 'create'
          ? step.notes.filter(text => text.startsWith('The run of')).map(text => `${step.source}: ${text}`)
          : [],
      );
    expect(told(Date.parse('2026-11-29T00:00Z'))).toEqual([
      expect.stringMatching(/^event one \(5\/7\): .*2027-03-28 03:30:00 CEST is meant at 02:30/),
      expect.stringMatching(/^event one \(6\/7\): .*2027-10-31 02:30:00 CEST ends at/),
    ]);
    expect(told(Date.parse('2027-11-29T00:00Z'))).toEqual([]);
  });
});
