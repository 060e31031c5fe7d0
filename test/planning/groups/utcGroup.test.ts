import { expect, it } from 'vitest';
import { changedGroup } from '../../../src/planning/groups/changedGroup.js';
import type { Group } from '../../../src/planning/groups/group.js';
import { groupRuleText } from '../../../src/planning/groups/groupWords.js';
import { dayMs, hourMs, monday10Ms } from '../../support/dispatchRecord.js';

const group: Group = {
  id: 'g0badcafe',
  zone: null,
  rule: { frequency: 'HOURLY', interval: 6 },
  startTimeMs: monday10Ms,
  untilMs: null,
  durationMs: hourMs,
  toMinute: null,
  exceptions: [monday10Ms + dayMs],
};

it.each([
  [{ zone: 'Europe/Berlin', rule: group.rule }, 'takes no local time; create another one in its place'],
  [{ toMinute: 360 }, 'takes no local time'],
  [{ untilMs: monday10Ms + 2 * dayMs }, 'give a whole rule'],
])('a group in UTC is told why it cannot have %j', (change, message) => {
  expect(() => changedGroup(group, change, monday10Ms)).toThrow(message);
});

it.each([
  [null, 'every 6 hours, 1 skipped'],
  ['UTC', 'every 6 hours in UTC, 1 skipped'],
  ['Europe/Berlin', 'every 6 hours in Europe/Berlin, 1 skipped'],
])('the rule of a group in the zone %s names it without a time of day', (zone, text) => {
  expect(groupRuleText({ ...group, zone })).toBe(text);
});
