import type { DispatcherOutput } from '../../../machines/protocol/dispatcherOutput.js';
import { delayText } from './delayText.js';

/** What an output of a dispatcher is about. */
export function logKind({ type }: DispatcherOutput): 'run' | 'change' | 'sync' | 'problem' {
  if (type === 'dispatcher.problem' || type === 'run.missed') return 'problem';
  if (type.startsWith('running.')) return 'run';
  return type.startsWith('lifecycle.') ? 'change' : 'sync';
}

/** An output of a dispatcher in a line. */
export function logText(output: DispatcherOutput): string {
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
      return `${nameOf(output)}: ${output.count}${output.more ? ' or more' : ''} runs passed unnoticed`;
    case 'lifecycle.created':
    case 'lifecycle.updated':
    case 'lifecycle.deleted':
      return nameOf(output);
    default: {
      const late = output.lateMs > 0 ? `, ${delayText(output.lateMs)} late` : '';
      return `${nameOf(output)}: ${output.cause}${late}${output.dispatch.dryRun ? ', dry run' : ''}`;
    }
  }
}

function nameOf({ dispatch }: { dispatch: { id: number; type: string } }): string {
  return `${dispatch.id} ${dispatch.type}`;
}
