import { selectorToText } from '../../planning/selectorText.js';
import { printable } from '../../planning/text/printable.js';
import { spanText } from '../../planning/timeText.js';
import type { ReportRow } from '../../store/historyReport.js';
import { pc } from './colours.js';
import type { Column } from './rowPrinter.js';

const HOUR_MS = 3_600_000;

/** Columns of a report; the microgrid only when there are several. */
export function reportColumns({ severalMicrogrids }: { readonly severalMicrogrids: boolean }): Column<ReportRow>[] {
  const microgrid: Column<ReportRow> = {
    name: 'microgrid',
    text: ({ microgridId }) => `${microgridId}`,
    alignRight: true,
  };
  return [
    ...(severalMicrogrids ? [microgrid] : []),
    {
      name: 'type',
      text: ({ type, dryRun }) => `${printable(type)}${dryRun ? ' (dry run)' : ''}`,
      style: pc.bold,
      minWidth: 10,
    },
    { name: 'component', text: componentText, minWidth: 10 },
    { name: 'runs', text: ({ runs }) => `${runs}`, alignRight: true },
    { name: 'planned', text: ({ plannedMs }) => hoursText(plannedMs), alignRight: true },
    { name: 'delivered', text: ({ deliveredMs }) => hoursText(deliveredMs), alignRight: true },
    {
      name: 'missed',
      text: ({ missed }) => `${missed}`,
      style: (text, { missed }) => (missed > 0 ? pc.red(text) : text),
      alignRight: true,
    },
    { name: 'late p50', text: ({ late }) => lateText(late?.p50Ms), alignRight: true },
    { name: 'p99', text: ({ late }) => lateText(late?.p99Ms), alignRight: true },
    { name: 'max', text: ({ late }) => lateText(late?.maxMs), alignRight: true },
  ];
}

function componentText({ component }: ReportRow): string {
  return selectorToText('id' in component ? { ids: [component.id] } : { categories: [component] });
}

function hoursText(ms: number): string {
  return `${(ms / HOUR_MS).toFixed(2)} h`;
}

function lateText(ms: number | undefined): string {
  return ms === undefined ? '' : spanText(ms);
}
