import { expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/describeWithPostgres.js';
import { runBench } from './runBench.js';

describeWithPostgres('the benchmark of a fleet', () => {
  it('follows a hundredth of the fleet through the death of a service, twice, and misses no change', async () => {
    const scale = ['--scale', '0.01', '--writes', '5000', '--seconds', '2', '--statements'];
    const lines = await runBench('fleet', ...scale);
    const figures = (phase: string) => Object.assign({}, ...lines.filter(line => line.phase === phase));
    expect(figures('fill')).toMatchObject({ microgrids: 100, dispatches: 10_000 });
    // Fewer streams than a garbage collection may outweigh.
    expect(figures('open').kBPerStream).toEqual(expect.any(Number));
    expect(figures('writes').answered).toBeGreaterThan(20);
    expect(figures('writes').changeP99Ms).toBeGreaterThan(0);
    expect(figures('killed, streams resumed')).toMatchObject({ streams: 50, resumed: 50, listed: 0 });
    expect(figures('killed, dispatches listed')).toMatchObject({ streams: 50, resumed: 0, listed: 50 });
    expect(figures('killed, dispatches listed').queries).toBeGreaterThan(50);
    const { written, received, listed } = figures('check');
    expect(received).toBeGreaterThan(100);
    expect(received + listed).toBe(written);
  });
});
