import { useEffect, useState } from 'preact/hooks';
import { messageOf } from '../../model/dispatchError.js';
import { Button } from '../kit/Button.js';
import { inSlices } from '../kit/inSlices.js';
import { useSelected } from '../kit/useSelected.js';
import type { ConsoleProps } from '../page/Console.js';
import { dispatchesIn } from '../timeline/picture.js';
import { presentOf, viewRequest } from '../timeline/pictureSource.js';
import { runRows } from '../timeline/runRows.js';
import { calendarOf } from './calendarOf.js';
import { csvOf } from './csvOf.js';
import { pngOf } from './pngOf.js';
import { saveFile } from './saveFile.js';

/** Maximum number of rows of an export. */
const maxRows = 100_000;

/** Number of slots of the time in view: of more runs than rows, those of a dispatch that begin in the same slot are one row. */
const slots = 5_000;

/** Saves what the timeline shows: as a calendar, as a table, or as a picture. */
export function ExportMenu({ actor, port: { clock } }: ConsoleProps) {
  const [note, setNote] = useState('');
  const [saving, setSaving] = useState<AbortController | null>(null);
  const isBusy = saving !== null;
  useEffect(() => () => saving?.abort(), [saving]);
  const asTable = useSelected(actor, ({ context }) => context.view.asTable);
  const nameOf = (ending: string) => {
    const { shownId, view } = actor.getSnapshot().context;
    return `microgrid-${shownId}-${new Date(view.fromMs).toISOString().slice(0, 10)}.${ending}`;
  };
  const save = (work: (signal: AbortSignal) => Promise<string>) => {
    const ended = new AbortController();
    const { signal } = ended;
    setSaving(ended);
    setNote('Looking for what is in view …');
    work(signal)
      .then(setNote, error => setNote(signal.aborted ? 'Nothing was saved.' : messageOf(error)))
      .finally(() => setSaving(null));
  };
  const tellShare = (count: number) => (done: number) => setNote(`Saving: ${Math.floor((100 * done) / count)} % …`);
  const saveCalendar = async (signal: AbortSignal) => {
    const name = nameOf('ics');
    const records = await inSlices(dispatchesIn(viewRequest(actor.getSnapshot())), clock, { signal });
    const onStep = tellShare(records.length);
    const { parts, leftOut } = await inSlices(calendarOf(records), clock, { signal, onStep });
    saveFile(name, new Blob(parts, { type: 'text/calendar' }));
    return leftOut.length === 0 ? '' : `Left out: ${leftOut.join('; ')}`;
  };
  const saveTable = async (signal: AbortSignal) => {
    const name = nameOf('csv');
    const snapshot = actor.getSnapshot();
    const request = viewRequest(snapshot);
    const single = await inSlices(runRows(request, maxRows), clock, { signal });
    const resolutionMs = Math.max(1, Math.floor((request.toMs - request.fromMs) / slots));
    const { rows, isCut } = single.isCut
      ? await inSlices(runRows({ ...request, resolutionMs }, maxRows), clock, { signal })
      : single;
    const onStep = tellShare(rows.length);
    const parts = await inSlices(csvOf(rows, presentOf(snapshot)), clock, { signal, onStep });
    saveFile(name, new Blob(parts, { type: 'text/csv' }));
    if (isCut) return `The first ${maxRows} rows are saved.`;
    return single.isCut ? `There are more than ${maxRows} runs: a row may stand for several.` : '';
  };
  const savePicture = async () => {
    const timeline = document.querySelector('.timeline');
    if (timeline === null) throw new Error('there is no timeline to draw');
    saveFile(nameOf('png'), await pngOf(timeline));
    return '';
  };
  return (
    <>
      <span class="group">
        <Button name="iCalendar: save the dispatches in view" disabled={isBusy} onPress={() => save(saveCalendar)}>
          iCalendar
        </Button>
        <Button name="CSV: save the runs in view" disabled={isBusy} onPress={() => save(saveTable)}>
          CSV
        </Button>
        <Button name="PNG: save the picture" disabled={asTable || isBusy} onPress={() => save(savePicture)}>
          PNG
        </Button>
      </span>
      {saving !== null && <Button onPress={() => saving.abort()}>Cancel the export</Button>}
      {note !== '' && (
        <span class="note" role="status">
          {note}
        </span>
      )}
    </>
  );
}
