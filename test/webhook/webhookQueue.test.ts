import { describe, expect, it } from 'vitest';
import type { NotificationData } from '../../machines/dispatch/notificationData.js';
import type { WebhookQueueChange } from '../../machines/protocol/webhookStore.js';
import { WebhookQueue } from '../../src/webhook/webhookQueue.js';
import { minuteMs } from '../support/dispatchRecord.js';
import { at } from '../support/time.js';

/** A notification about the run from 10:00 to 10:30, noticed at 10:00. */
function data(id: number, what: string, endMs: number | null = at('10:30')): NotificationData {
  return {
    notification: (what === 'missed' ? 'run.missed' : `running.${what}`) as NotificationData['notification'],
    id,
    type: 'CHARGE',
    atMs: at('10:00'),
    lateMs: 0,
    cause: 'schedule',
    run: { startMs: at('10:00'), endMs },
    selector: { ids: [5] },
    payload: {},
    dryRun: false,
  };
}

function queueOf(limit = 100) {
  const changes: WebhookQueueChange[] = [];
  const queue = new WebhookQueue({ limit, onChange: change => changes.push(change) });
  const take = (nowMs = at('10:00')) => {
    const item = queue.take(nowMs);
    return item && { item, text: `${item.data.id} ${item.data.notification.split('.')[1]}` };
  };
  /** Takes and finishes everything. */
  const drain = (nowMs?: number) => {
    const texts: string[] = [];
    for (let next = take(nowMs); next !== undefined; next = take(nowMs)) {
      texts.push(next.text);
      queue.done(next.item);
    }
    return texts;
  };
  return { queue, changes, take, drain };
}

describe('the queue of webhooks', () => {
  it('gives one item of a dispatch at a time, in order, and others meanwhile', () => {
    const { queue, take } = queueOf();
    for (const [id, what] of [
      [1, 'started'],
      [1, 'stopped'],
      [2, 'started'],
    ] as const)
      queue.add(data(id, what));
    const first = take();
    expect(first?.text).toBe('1 started');
    expect(take()?.text).toBe('2 started');
    expect(take()).toBeUndefined();
    queue.putBack(1);
    expect(take()).toEqual(first);
    if (first !== undefined) queue.done(first.item);
    expect(take()?.text).toBe('1 stopped');
    expect(queue.size).toBe(2);
  });

  it('takes turns among dispatches', () => {
    const { queue, drain } = queueOf();
    for (const id of [1, 2]) for (const what of ['started', 'stopped']) queue.add(data(id, what));
    expect(drain()).toEqual(['1 started', '2 started', '1 stopped', '2 stopped']);
    expect(queue.size).toBe(0);
  });

  it('coalesces per dispatch when it is full, and keeps the final state and the last missed runs', () => {
    const { queue, drain } = queueOf(3);
    for (const what of ['started', 'missed', 'reconfigured']) queue.add(data(1, what));
    queue.add(data(2, 'started'));
    for (const what of ['missed', 'reconfigured', 'stopped']) queue.add(data(1, what));
    expect([queue.size, queue.coalesced]).toEqual([3, 4]);
    expect(drain()).toEqual(['1 missed', '2 started', '1 stopped']);
  });

  it('does not replace what is being sent', () => {
    const { queue, take } = queueOf(1);
    queue.add(data(1, 'started'));
    const first = take();
    for (const what of ['reconfigured', 'stopped']) queue.add(data(1, what));
    expect([queue.size, queue.coalesced]).toEqual([2, 1]);
    if (first !== undefined) queue.done(first.item);
    expect(take()?.text).toBe('1 stopped');
  });

  it('holds no more than its limit and two items per dispatch, whatever comes', () => {
    const { queue } = queueOf(10);
    const all = ['started', 'reconfigured', 'missed', 'stopped', 'resumed'];
    for (let i = 0; i < 10_000; i++) queue.add(data(i % 100, all[i % 5] ?? ''));
    expect(queue.size).toBeLessThanOrEqual(10 + 2 * 100);
    expect(queue.size + queue.coalesced).toBe(10_000);
  });

  it('drops starts whose run is over, counts them, and gives the stop', () => {
    const { queue, drain } = queueOf();
    for (const what of ['started', 'reconfigured', 'stopped']) queue.add(data(1, what));
    queue.add(data(2, 'started', null));
    queue.add(data(3, 'missed'));
    expect(drain(at('10:30'))).toEqual(['1 stopped', '2 started', '3 missed']);
    expect([queue.dropped, queue.size]).toEqual([2, 0]);
  });

  it('gives the start of a run that is shorter than a second, for a second', () => {
    const { queue, drain } = queueOf();
    queue.add(data(1, 'started', at('10:00')));
    queue.add(data(1, 'stopped', at('10:00')));
    expect(drain(at('10:00:00.900'))).toEqual(['1 started', '1 stopped']);
    queue.add(data(1, 'started', at('10:00')));
    expect(drain(at('10:00:01'))).toEqual([]);
  });

  /** A notification of an update or a deletion, about the run from 10:00 until the given time. */
  const changed = (what: string, time: string, endMs: number | null): NotificationData => ({
    ...data(1, what, endMs),
    atMs: at(time),
    cause: what === 'stopped' ? 'delete' : what === 'resumed' ? 'restore' : 'update',
  });
  const nextRun = { ...data(1, 'started', at('10:50')), atMs: at('10:20') };
  it.each<[string, NotificationData[], string[]]>([
    ['deleted', [data(1, 'started'), changed('stopped', '10:05', at('10:30'))], ['1 stopped']],
    ['deleted at once', [data(1, 'started'), changed('stopped', '10:00', at('10:30'))], ['1 stopped']],
    ['deleted, without an end', [data(1, 'started', null), changed('stopped', '10:05', null)], ['1 stopped']],
    [
      'deleted after other changes',
      [
        ...[data(1, 'started', null), changed('reconfigured', '10:01', at('10:40'))],
        ...[data(1, 'missed'), changed('resumed', '10:02', at('10:40')), changed('stopped', '10:05', at('10:40'))],
      ],
      ['1 missed', '1 stopped'],
    ],
    [
      'stopped and started again',
      [data(1, 'started'), changed('stopped', '10:05', at('10:30')), changed('started', '10:06', at('10:30'))],
      ['1 stopped', '1 started'],
    ],
    [
      'taken over by the next one',
      [data(1, 'started'), { ...nextRun, run: { startMs: at('10:20'), endMs: at('10:50') } }],
      ['1 started'],
    ],
    ['started once more', [data(1, 'started'), changed('started', '10:05', at('10:30'))], ['1 started', '1 started']],
    [
      'made longer',
      [data(1, 'started', at('10:10')), changed('reconfigured', '10:08', at('10:40'))],
      ['1 started', '1 reconfigured'],
    ],
    ['made shorter', [data(1, 'started'), changed('reconfigured', '10:08', at('10:10'))], []],
    [
      'without an end',
      [data(1, 'started', at('10:10')), changed('reconfigured', '10:08', null)],
      ['1 started', '1 reconfigured'],
    ],
  ])('judges whether a run is over by what waits behind its start: %s', (_, items, expected) => {
    for (const isRestored of [false, true]) {
      const { queue, drain } = queueOf();
      if (isRestored) queue.restore(items.map((item, n) => ({ id: `msg_${n}`, data: item })));
      else for (const item of items) queue.add(item);
      expect(drain(at('10:25'))).toEqual(expected);
      expect([queue.dropped, queue.size]).toEqual([items.length - expected.length, 0]);
    }
  });

  it('drops a start at once that was put back, when its dispatch is deleted meanwhile', () => {
    const { queue, take, drain } = queueOf(1);
    queue.add(data(1, 'started'));
    take();
    for (const item of [changed('reconfigured', '10:00:00.100', null), changed('stopped', '10:00:00.200', null)])
      queue.add(item);
    queue.putBack(1);
    expect(drain(at('10:00:00.500'))).toEqual(['1 stopped']);
    expect([queue.dropped, queue.coalesced, queue.size]).toEqual([1, 1, 0]);
  });

  it('drops the start of a run that lies ahead again because the clock was set back', () => {
    const { queue, drain } = queueOf();
    queue.add(data(1, 'started'));
    queue.add({ ...data(1, 'stopped'), atMs: at('09:30') });
    expect(drain(at('09:30'))).toEqual(['1 stopped']);
  });

  it('tells each change once, by ids that differ', () => {
    const { queue, changes, drain } = queueOf(2);
    for (const what of ['started', 'stopped', 'started']) queue.add(data(1, what, at('10:30') + minuteMs));
    drain();
    const ids = (kind: string) =>
      changes.flatMap(change => (change.kind !== kind ? [] : change.kind === 'added' ? change.item.id : change.id));
    expect(new Set(ids('added')).size).toBe(3);
    expect(ids('removed').toSorted()).toEqual(ids('added').toSorted());
    queue.add(data(2, 'started'));
    queue.clear();
    expect([queue.size, ids('removed').length]).toEqual([0, 4]);
  });

  it('begins with what is restored', () => {
    const { queue, changes, drain } = queueOf();
    queue.add(data(1, 'stopped'));
    const known = changes.flatMap(change => (change.kind === 'added' ? change.item : []));
    queue.restore([{ id: 'msg_1', data: data(1, 'started') }, ...known]);
    expect(queue.size).toBe(2);
    expect(drain()).toEqual(['1 started', '1 stopped']);
  });
});
