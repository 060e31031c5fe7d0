import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { note, print } from '../../src/cli/output/print.js';
import { endProgress, startProgress, tellProgress } from '../../src/cli/output/progress.js';

const terminals = [process.stdout, process.stderr] as const;
const before = terminals.map(({ isTTY }) => isTTY);
let shown: string[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  shown = [];
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation(text => shown.push(`${name} ${text}`) > 0);
  }
  for (const stream of terminals) stream.isTTY = true;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const [i, stream] of terminals.entries()) stream.isTTY = before[i] ?? false;
});

const CLEAR = 'stderr \r\u001B[2K';

describe('progress', () => {
  it('is shown on stderr after a second without output, and goes before anything else is printed', () => {
    const progress = startProgress('waiting for grpc://plant');
    vi.advanceTimersByTime(900);
    expect(shown).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(shown).toEqual([`${CLEAR}waiting for grpc://plant…`]);
    tellProgress(() => '5 dispatches read');
    vi.advanceTimersByTime(200);
    print('a row');
    note('a note');
    expect(shown.slice(1)).toEqual([`${CLEAR}5 dispatches read…`, CLEAR, 'stdout a row\n', 'stderr a note\n']);
    vi.advanceTimersByTime(900);
    expect(shown).toHaveLength(5);
    vi.advanceTimersByTime(100);
    progress[Symbol.dispose]();
    expect(shown.slice(5)).toEqual([`${CLEAR}5 dispatches read…`, CLEAR]);
    vi.advanceTimersByTime(5_000);
    expect(shown).toHaveLength(7);
  });

  it('goes on while rows go elsewhere, also of a command that lets no timer fire', () => {
    process.stdout.isTTY = false;
    using _outer = startProgress('reading');
    startProgress('waiting')[Symbol.dispose]();
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1_500);
    print('a row');
    tellProgress(() => '1 row');
    tellProgress(() => '2 rows');
    expect(shown).toEqual(['stdout a row\n', `${CLEAR}1 row…`]);
  });

  it('is not shown where stderr is no terminal, nor after its end', () => {
    process.stderr.isTTY = false;
    const hidden = startProgress('waiting');
    vi.advanceTimersByTime(5_000);
    hidden[Symbol.dispose]();
    process.stderr.isTTY = true;
    const ended = startProgress('waiting');
    endProgress();
    vi.advanceTimersByTime(5_000);
    ended[Symbol.dispose]();
    expect(shown).toEqual([]);
  });
});
