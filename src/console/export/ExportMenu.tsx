import { useState } from 'preact/hooks';
import { messageOf } from '../../model/dispatchError.js';
import { Button } from '../kit/Button.js';
import { useSelected } from '../kit/useSelected.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { presentOf, viewRequest } from '../timeline/pictureSource.js';
import { runRows } from '../timeline/runRows.js';
import { calendarOf } from './calendarOf.js';
import { csvOf } from './csvOf.js';
import { pngOf } from './pngOf.js';
import { saveFile } from './saveFile.js';

/** Maximum number of rows of an export. */
const maxRows = 100_000;

/** Saves what the timeline shows: as a calendar, as a table, or as a picture. */
export function ExportMenu({ actor }: { readonly actor: ConsoleActor }) {
  const [note, setNote] = useState('');
  const asTable = useSelected(actor, ({ context }) => context.view.asTable);
  const nameOf = (ending: string) => {
    const { shownId, view } = actor.getSnapshot().context;
    return `microgrid-${shownId}-${new Date(view.fromMs).toISOString().slice(0, 10)}.${ending}`;
  };
  const rows = () => {
    const snapshot = actor.getSnapshot();
    return runRows(viewRequest(snapshot.context), presentOf(snapshot), maxRows);
  };
  const saveCalendar = () => {
    const records = new Set(rows().rows.map(({ segment }) => segment.run.record));
    const { text, leftOut } = calendarOf([...records]);
    saveFile(nameOf('ics'), new Blob([text], { type: 'text/calendar' }));
    setNote(leftOut.length === 0 ? '' : `Left out: ${leftOut.join('; ')}`);
  };
  const saveTable = () => {
    const { rows: found, isCut } = rows();
    saveFile(nameOf('csv'), new Blob([csvOf(found)], { type: 'text/csv' }));
    setNote(isCut ? `The first ${maxRows} rows are saved.` : '');
  };
  const savePicture = () => {
    const timeline = document.querySelector('.timeline');
    if (timeline === null) return;
    pngOf(timeline).then(
      blob => saveFile(nameOf('png'), blob),
      error => setNote(messageOf(error)),
    );
  };
  return (
    <>
      <span class="group">
        <Button name="iCalendar: save the dispatches in view" onPress={saveCalendar}>
          iCalendar
        </Button>
        <Button name="CSV: save the runs in view" onPress={saveTable}>
          CSV
        </Button>
        <Button name="PNG: save the picture" disabled={asTable} onPress={savePicture}>
          PNG
        </Button>
      </span>
      {note !== '' && (
        <span class="note" role="status">
          {note}
        </span>
      )}
    </>
  );
}
