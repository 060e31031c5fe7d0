import { splitLine } from '../../../src/cli/shell/splitLine.js';
import type { Dispatch } from '../../../src/dispatch.js';
import type { TestService } from '../../../src/testing/startTestService.js';
import { runCli } from '../../support/runCli.js';
import { pythonCommand } from '../python.js';

/** What typing a command line did. */
export interface Effect {
  readonly code: number;
  /** The last line of a list. */
  readonly counted: string | undefined;
  /** The dispatches of the microgrid after it, without what the service assigned. */
  readonly stored: readonly object[];
  readonly stderr: string;
}

const hourMs = 3_600_000;
let microgrids = 0;

/** Types a line into `dispatch-cli`, in a microgrid of its own. */
export function typeInPython(line: string, service: TestService, env: Record<string, string>): Promise<Effect> {
  return typed(line, service, args => pythonCommand(args, env));
}

/** Types a line into `dispatch`, in a microgrid of its own. */
export function typeHere(line: string, service: TestService, env: Record<string, string>): Promise<Effect> {
  return typed(line, service, args => runCli(args, env));
}

async function typed(
  line: string,
  { client }: TestService,
  run: (args: readonly string[]) => Promise<{ code: number | null; stdout: string; stderr: string }>,
): Promise<Effect> {
  const microgridId = ++microgrids;
  const microgrid = client.forMicrogrid(microgridId);
  const now = Date.now();
  const first = await microgrid.create({
    type: 'CHARGE',
    startTime: new Date(now + hourMs),
    durationMs: hourMs,
    selector: { categories: [{ category: 'BATTERY' }] },
    payload: { power_kw: 5 },
    recurrence: { frequency: 'DAILY', interval: 1, byHours: [8, 17] },
  });
  const second = await microgrid.create({
    type: 'CHARGER',
    startTime: new Date(now + 2 * hourMs),
    durationMs: hourMs,
    selector: { ids: [1, 2] },
    active: false,
  });
  const third = await microgrid.create({
    type: 'COOL',
    startTime: 'NOW',
    durationMs: null,
    selector: { categories: [{ category: 'HVAC' }] },
  });
  const ids = [first.id, second.id, third.id];
  const text = line.replaceAll('MID', `${microgridId}`).replaceAll(/#(\d)/g, (_, n) => `${ids[Number(n) - 1]}`);
  const { code, stdout, stderr } = await run(splitLine(text));
  const stored: object[] = [];
  for await (const dispatch of microgrid.list({ sort: { field: 'createTime', order: 'ascending' } })) {
    stored.push(asked(dispatch));
  }
  // Ours counts one dispatch as one.
  const counted = /^\d+ dispatch(es)?, .*$/m.exec(stdout)?.[0].replace('dispatches', 'dispatch');
  return { code: code ?? -1, counted, stored, stderr };
}

function asked({ record }: Dispatch): object {
  const { id: _, microgridId: __, createTime: ___, updateTime: ____, endTimeMs: _____, selector, ...rest } = record;
  // The Python client holds a target in a set, without an order.
  const { ids, categories } = selector;
  const sorted = ids === undefined ? categories.map(category => JSON.stringify(category)).sort() : [...ids].sort();
  return { ...rest, selector: sorted };
}

/** The effect without stderr, with times that are nearly those of another replaced by them. */
export function nearly({ stderr: _, ...effect }: Effect, other: Effect): object {
  return replaced(effect, other, '') as object;
}

function replaced(value: unknown, other: unknown, name: string): unknown {
  if (typeof value === 'number' && typeof other === 'number') {
    return Math.abs(value - other) <= (TOLERANCES_MS[name] ?? 0) ? other : value;
  }
  if (typeof value !== 'object' || value === null || typeof other !== 'object' || other === null) return value;
  if (Array.isArray(value)) return value.map((item, i) => replaced(item, (other as unknown[])[i], name));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replaced(item, (other as Record<string, unknown>)[key], key)]),
  );
}

/** The lines are not typed at the same instant, and the Python command often takes a second off a duration in words. */
const TOLERANCES_MS: Readonly<Record<string, number>> = { startTimeMs: 10_000, untilMs: 10_000, durationMs: 1_000 };
