import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../src/cli/runCommand.js';
import { splitLine } from '../../src/cli/shell/splitLine.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { startDispatchService } from '../../src/service/index.js';
import { sqliteStore } from '../../src/store/index.js';
import { simulatedClock } from '../../src/testing/index.js';

/** Plays command lines on a service of its own, at times that it is given. */
export interface Transcript {
  /** Sets the time, which stands still until it is set again. RFC 3339. */
  at(time: string): void;
  /** Lets a dispatcher that keeps its history in `site.db` run from now until a time, on a clock that jumps. RFC 3339. */
  follow(until: string): Promise<void>;
  /** Runs a command line and returns it with what a terminal shows, in a code block. */
  run(line: string): Promise<string>;
}

/**
 * Opens a transcript; the process has its clock, its output and its environment until `work` is done.
 *
 * The clock stands still, so that the same lines are printed at any time.
 */
export async function withTranscript<T>(startTime: string, work: (transcript: Transcript) => Promise<T>): Promise<T> {
  const clock = standingClock(startTime);
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^(DISPATCH|FREQUENZ)_/.test(name)) delete process.env[name];
  const service = await startDispatchService({ listen: '127.0.0.1:0', database: ':memory:', logger: silentLogger });
  process.env.DISPATCH_API_URL = service.address;
  const groups = fixedGroupIds();
  const folder = mkdtempSync(join(tmpdir(), 'xstate-dispatch-pages-'));
  const store = join(folder, 'site.db');
  try {
    return await work({
      at: clock.set,
      follow: async until => {
        const time = simulatedClock(Date.now());
        await using dispatcher = new Dispatcher({
          microgridId: 1,
          address: service.address,
          clock: time,
          store: sqliteStore(store),
          logger: silentLogger,
        });
        await dispatcher.start();
        await dispatcher.ready();
        await time.advanceTo(Date.parse(until));
      },
      run: async line => {
        const output = groups.toFixed(await outputOf(groups.toReal(line).replace('site.db', store)));
        return `\`\`\`console\n$ dispatch ${line}\n${output.replace(/ +$/gm, '')}\`\`\``;
      },
    });
  } finally {
    await service.stop();
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    clock.restore();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a command prints, on stdout and stderr in its order. */
async function outputOf(line: string): Promise<string> {
  const { stdout, stderr } = process;
  const [writeOut, writeError] = [stdout.write, stderr.write];
  let text = '';
  const take = (part: string | Uint8Array, ...more: unknown[]) => {
    text += typeof part === 'string' ? part : Buffer.from(part).toString();
    for (const done of more) if (typeof done === 'function') done();
    return true;
  };
  Object.assign(stdout, { write: take });
  Object.assign(stderr, { write: take });
  try {
    await runCommand(splitLine(line));
    return text;
  } finally {
    Object.assign(stdout, { write: writeOut });
    Object.assign(stderr, { write: writeError });
  }
}

/** Ids of groups are random: in a transcript they are `g00000001`, `g00000002` and so on. */
function fixedGroupIds(): { toFixed(text: string): string; toReal(text: string): string } {
  const real: string[] = [];
  const fixed = (index: number) => `g${`${index + 1}`.padStart(8, '0')}`;
  return {
    toFixed: text =>
      text.replace(/\bg[0-9a-f]{8}\b/g, id => {
        if (!real.includes(id)) real.push(id);
        return fixed(real.indexOf(id));
      }),
    toReal: text => real.reduce((line, id, index) => line.replaceAll(fixed(index), id), text),
  };
}

function standingClock(startTime: string): { set(time: string): void; restore(): void } {
  const RealDate = globalThis.Date;
  let nowMs = RealDate.parse(startTime);
  globalThis.Date = class extends RealDate {
    constructor(...args: [] | [number | string | Date]) {
      super(...((args.length === 0 ? [nowMs] : args) as [number]));
    }
    static override now(): number {
      return nowMs;
    }
  } as DateConstructor;
  return {
    set: time => {
      nowMs = RealDate.parse(time);
    },
    restore: () => {
      globalThis.Date = RealDate;
    },
  };
}
