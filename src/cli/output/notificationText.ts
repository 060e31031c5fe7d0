import { type NotificationData, notificationData } from '../../../machines/dispatch/notificationData.js';
import type { RunNotification } from '../../../machines/dispatch/runNotification.js';
import type { LifecycleEvent } from '../../../machines/protocol/dispatcherOutput.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { printable } from '../../planning/text/printable.js';
import { clockText, spanText, timeText } from '../../planning/timeText.js';
import { pc } from './colours.js';
import { parametersText, targetText } from './dispatchText.js';

/** A notification that was noticed later than this says so. */
const LATE_MS = 100;

/** A notification in one line, with the time of day at which it was noticed. */
export function notificationText(output: RunNotification | LifecycleEvent): string {
  if ('run' in output) return notificationDataText(notificationData(output), clockText);
  const { type, dispatch, atMs } = output;
  return lineText(clockText(atMs), { ...dispatch, notification: type }, orderText(dispatch));
}

/** A notification as plain data in one line, with the instant at which it was noticed in the form that `timeText` gives it. */
export function notificationDataText(data: ToldNotification, timeText: (atMs: number) => string): string {
  return lineText(timeText(data.atMs + data.lateMs), data, aboutText(data));
}

/** A notification, whatever it is said to be caused by. */
type ToldNotification = Omit<NotificationData, 'cause'> & { readonly cause: string };

interface Named {
  readonly notification: (RunNotification | LifecycleEvent)['type'];
  readonly id: number;
  readonly type: string;
}

function lineText(time: string, { notification, id, type }: Named, about: string): string {
  const [colour, label] = LABELS[notification];
  return `${pc.dim(time)}  ${pc[colour](label)}  ${pc.bold(`${id} ${printable(type)}`)}  ${about}`;
}

const LABELS = {
  'running.started': ['green', 'started     '],
  'running.resumed': ['green', 'resumed     '],
  'running.reconfigured': ['cyan', 'reconfigured'],
  'running.stopped': ['yellow', 'stopped     '],
  'run.missed': ['red', 'missed      '],
  'lifecycle.created': ['dim', 'created     '],
  'lifecycle.updated': ['dim', 'updated     '],
  'lifecycle.deleted': ['dim', 'deleted     '],
} as const satisfies Record<
  (RunNotification | LifecycleEvent)['type'],
  readonly [colour: keyof typeof pc, label: string]
>;

function aboutText(data: ToldNotification): string {
  const { notification, run, cause, atMs, lateMs } = data;
  if (notification === 'run.missed') {
    const { count = 1, more = false, firstMs = atMs, lastMs = atMs } = data;
    const runs = count === 1 && !more ? '1 run' : `${more ? 'more than ' : ''}${count} runs`;
    const from = timeText(new Date(firstMs));
    return `${runs} passed unnoticed, ${count === 1 ? from : `from ${from} to ${timeText(new Date(lastMs))}`}`;
  }
  const late = lateMs >= LATE_MS ? `, ${spanText(lateMs)} late` : '';
  const by = `by ${cause}${late}`;
  if (notification === 'running.stopped') return by;
  const { endMs } = run;
  return `${by}, ${endMs === null ? 'without end' : `until ${endText(endMs, atMs)}`}, ${orderText(data)}`;
}

/** The end of a run; its day only when it is another one. */
function endText(endMs: number, atMs: number): string {
  const [at, end] = [timeText(new Date(atMs)), timeText(new Date(endMs))];
  return at.slice(0, 10) === end.slice(0, 10) ? end.slice(11) : end;
}

/** What a run is told to do. */
function orderText({ selector, payload, dryRun }: Pick<DispatchRecord, 'selector' | 'payload' | 'dryRun'>): string {
  const text = parametersText(payload);
  const parameters = text === '' ? '' : ` ${text}`;
  return `${targetText(selector)}${parameters}${dryRun ? ', dry run' : ''}`;
}
