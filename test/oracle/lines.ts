import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import type { Run } from './bruteForceRuns.js';
import type { ExpectedNotification } from './expectedDispatch.js';

interface Lifecycle {
  readonly what: string;
  readonly record: DispatchRecord;
  readonly atMs: number;
  readonly notifiedMs: number | null;
}

/** A lifecycle event in one line. */
export function describeLifecycle({ what, record, atMs, notifiedMs }: Lifecycle): string {
  return `${name(record)} ${what} at ${time(atMs)}, notified ${time(notifiedMs)}`;
}

/** A notification that the oracle expects, in one line. */
export function describeExpected(notification: ExpectedNotification): string {
  const { missed = [] } = notification;
  const count = Math.min(missed.length, 1_000);
  const of = {
    count,
    more: missed.length > count,
    firstMs: missed[0]?.startMs ?? null,
    lastMs: missed.at(-1)?.startMs ?? null,
  };
  return describeRun({ ...notification, ...of });
}

/** What a dispatcher said, in one line; nothing for what the oracle does not judge. */
export function describeOutput(output: DispatcherOutput): string | undefined {
  switch (output.type) {
    case 'lifecycle.created':
    case 'lifecycle.updated':
    case 'lifecycle.deleted': {
      const { type, dispatch: record, atMs, notifiedMs } = output;
      return describeLifecycle({ what: type.slice('lifecycle.'.length), record, atMs, notifiedMs });
    }
    case 'running.started':
    case 'running.resumed':
    case 'running.reconfigured':
    case 'running.stopped':
      return describeRun({ ...output, what: output.type.slice('running.'.length), record: output.dispatch });
    case 'run.missed':
      return describeRun({ ...output, what: 'missed', record: output.dispatch });
    default:
      return undefined;
  }
}

function describeRun(said: {
  readonly what: string;
  readonly record: DispatchRecord;
  readonly run: Run;
  readonly cause: string;
  readonly atMs: number;
  readonly lateMs: number;
  readonly count?: number;
  readonly more?: boolean;
  readonly firstMs?: number | null;
  readonly lastMs?: number | null;
}): string {
  const { what, record, run, cause, atMs, lateMs, count, more, firstMs = null, lastMs = null } = said;
  const runs = what === 'missed' ? ` ${count}${more ? '+' : ''} from ${time(firstMs)} to ${time(lastMs)}, last` : '';
  const span = `${time(run.startMs)}-${time(run.endMs)}`;
  return `${name(record)} ${what}${runs} ${span} by ${cause} at ${time(atMs)}${lateMs === 0 ? '' : ` +${lateMs}`}`;
}

function name({ id, type, updateTime }: DispatchRecord): string {
  return `${id} ${type} v${Number(updateTime.slice(-10, -1))}`;
}

/** Day of the month and time. */
function time(ms: number | null): string {
  return ms === null ? 'never' : new Date(ms).toISOString().slice(8, 23).replace('T', ' ').replace('.000', '');
}
