import { setTimeout } from 'node:timers/promises';

import { signalProcessGroup } from '../exec/processGroup.js';
import type { ProcessTable } from './processTable.js';

/** Interval at which a group that was told to end is looked at, in milliseconds. */
const pollMs = 50;
/** Maximum time to wait for processes that got SIGKILL, in milliseconds: one that waits for a broken disk cannot be ended. */
const killedMs = 2_000;

/** How the attempt to end a process group came out: it has ended, or why processes of it are left. */
export type GroupEnd = 'ended' | 'this user may not end them' | 'they do not end after SIGKILL';

/**
 * Ends a process group: SIGTERM, and SIGKILL when processes of it are left after the grace. Fulfilled when none is left, at the latest
 * two seconds after SIGKILL.
 *
 * @param pid Process id of the leader, which may have ended before the others.
 * @param graceMs Time between SIGTERM and SIGKILL, in milliseconds.
 */
export async function endProcessGroup(pid: number, graceMs: number, table: ProcessTable): Promise<GroupEnd> {
  if (signalProcessGroup(pid, 'SIGTERM') === 'none') return 'ended';
  if (await hasEnded(pid, graceMs, table)) return 'ended';
  if (signalProcessGroup(pid, 'SIGKILL') === 'sent' && (await hasEnded(pid, killedMs, table))) return 'ended';
  switch (signalProcessGroup(pid, 0)) {
    case 'none':
      return 'ended';
    case 'refused':
      return 'this user may not end them';
    case 'sent':
      return 'they do not end after SIGKILL';
  }
}

async function hasEnded(pid: number, withinMs: number, table: ProcessTable): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    await setTimeout(Math.min(pollMs, withinMs));
    if (!(await table.hasGroup(pid))) return true;
  }
  return false;
}
