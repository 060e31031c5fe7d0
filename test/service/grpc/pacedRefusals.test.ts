import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pacedRefusals } from '../../../src/service/grpc/pacedRefusals.js';

describe('pacedRefusals', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function refusals() {
    const paced = pacedRefusals();
    const sent: number[] = [];
    return { sent, add: (id: number) => paced.add(() => sent.push(id)) };
  }

  it('sends a hundred at once, and the rest in order at 500 a second', () => {
    const { sent, add } = refusals();
    for (let id = 0; id < 600; id += 1) add(id);
    expect(sent).toHaveLength(100);
    vi.advanceTimersByTime(500);
    expect(sent).toHaveLength(350);
    vi.advanceTimersByTime(600);
    expect(sent).toEqual(Array.from({ length: 600 }, (_, id) => id));
    vi.advanceTimersByTime(1_000);
    add(600);
    expect(sent).toHaveLength(601);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('forgets those whose calls have ended, and lets no more than 2,000 wait', () => {
    const { sent, add } = refusals();
    for (let id = 0; id < 100; id += 1) add(id);
    const drops = Array.from({ length: 2_000 }, (_, index) => add(100 + index));
    expect(drops).not.toContain(null);
    expect(add(9_999)).toBe(null);
    for (const drop of drops) drop?.();
    expect(add(3_000)).not.toBe(null);
    vi.advanceTimersByTime(1_000);
    expect(sent.slice(100)).toEqual([3_000]);
  });
});
