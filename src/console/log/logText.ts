import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { ignoredFields } from '../../planning/planNotes.js';
import { printable } from '../../planning/text/printable.js';
import { delayText } from './delayText.js';
import type { LogEntry } from './eventLog.js';

/** What an output of a dispatcher is about. */
export function logKind({ type }: DispatcherOutput): 'run' | 'change' | 'sync' | 'problem' {
  if (type === 'dispatcher.problem' || type === 'run.missed') return 'problem';
  if (type.startsWith('running.')) return 'run';
  return type.startsWith('lifecycle.') ? 'change' : 'sync';
}

/** Whether an output is a further attempt to connect, of which the problem of the lost connection tells enough. */
export function isRetry(output: DispatcherOutput): boolean {
  if (output.type !== 'dispatcher.sync' || output.status.problem === null) return false;
  return ['waiting', 'connecting', 'catchingUp'].includes(output.status.state);
}

/** What a dispatcher told, in a line. */
export function logText(entry: Pick<LogEntry, 'output' | 'before'>): string {
  return printable(textOf(entry));
}

function textOf({ output, before }: Pick<LogEntry, 'output' | 'before'>): string {
  switch (output.type) {
    case 'dispatcher.problem':
      return output.problem.message;
    case 'dispatcher.sync': {
      const { state, problem, polling } = output.status;
      return [state, polling && 'polling', problem?.message].filter(Boolean).join(': ');
    }
    case 'dispatcher.restored':
      return `${output.count} dispatches restored`;
    case 'run.missed':
      return `${nameOf(output)}: ${output.count}${output.more ? ' or more' : ''} ${output.count === 1 && !output.more ? 'run' : 'runs'} passed unnoticed`;
    case 'lifecycle.created':
    case 'lifecycle.deleted':
      return nameOf(output);
    case 'lifecycle.updated':
      return [nameOf(output), before && changesText(before, output.dispatch)].filter(Boolean).join(': ');
    default: {
      const late = output.lateMs > 0 ? `, ${delayText(output.lateMs)} late` : '';
      return `${nameOf(output)}: ${output.cause}${late}${output.dispatch.dryRun ? ', dry run' : ''}`;
    }
  }
}

/** The fields that a change has changed. */
function changesText(before: DispatchRecord, after: DispatchRecord): string {
  const { type, startTimeMs, durationMs, selector, active, dryRun, payload, recurrence } = before;
  const asked = { type, startTimeMs, durationMs, selector, active, dryRun, payload, recurrence };
  const words: Readonly<Record<string, string>> = {
    target: 'components',
    recurrence: 'repetition',
    active: after.active ? 'active again' : 'paused',
  };
  return ignoredFields(asked, after)
    .map(name => words[name] ?? name)
    .join(', ');
}

function nameOf({ dispatch }: { dispatch: { id: number; type: string } }): string {
  return `${dispatch.id} ${dispatch.type}`;
}
