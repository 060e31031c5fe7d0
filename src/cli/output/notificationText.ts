import pc from 'picocolors';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { payloadText, targetText } from './dispatchText.js';
import { printable } from './print.js';
import { clockText, spanText, timeText } from './timeText.js';

/** A notification that was noticed later than this says so. */
const LATE_MS = 100;

/** A notification in one line. */
export function notificationText(output: RunNotification | LifecycleEvent): string {
  const { id, type } = output.dispatch;
  const noticedMs = output.atMs + ('lateMs' in output ? output.lateMs : 0);
  const head = `${pc.dim(clockText(noticedMs))}  ${LABELS[output.type]}  ${pc.bold(`${id} ${printable(type)}`)}`;
  return `${head}  ${aboutText(output)}`;
}

const LABELS: Readonly<Record<(RunNotification | LifecycleEvent)['type'], string>> = {
  'running.started': pc.green('started     '),
  'running.resumed': pc.green('resumed     '),
  'running.reconfigured': pc.cyan('reconfigured'),
  'running.stopped': pc.yellow('stopped     '),
  'run.missed': pc.red('missed      '),
  'lifecycle.created': pc.dim('created     '),
  'lifecycle.updated': pc.dim('updated     '),
  'lifecycle.deleted': pc.dim('deleted     '),
};

function aboutText(output: RunNotification | LifecycleEvent): string {
  if (output.type === 'run.missed') {
    const { count, more, firstMs, lastMs } = output;
    const runs = count === 1 && !more ? '1 run' : `${more ? 'more than ' : ''}${count} runs`;
    const from = timeText(new Date(firstMs));
    return `${runs} passed unnoticed, ${count === 1 ? from : `from ${from} to ${timeText(new Date(lastMs))}`}`;
  }
  if (!('run' in output)) return orderText(output.dispatch);
  const late = output.lateMs >= LATE_MS ? `, ${spanText(output.lateMs)} late` : '';
  const by = `by ${output.cause}${late}`;
  if (output.type === 'running.stopped') return by;
  const { endMs } = output.run;
  return `${by}, ${endMs === null ? 'without end' : `until ${endText(endMs, output.atMs)}`}, ${orderText(output.dispatch)}`;
}

/** The end of a run; its day only when it is another one. */
function endText(endMs: number, atMs: number): string {
  const [at, end] = [timeText(new Date(atMs)), timeText(new Date(endMs))];
  return at.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end;
}

/** What a run is told to do. */
function orderText({ selector, payload, dryRun }: DispatchRecord): string {
  const parameters = Object.keys(payload).length === 0 ? '' : ` ${payloadText(payload)}`;
  return `${targetText(selector)}${parameters}${dryRun ? ', dry run' : ''}`;
}
