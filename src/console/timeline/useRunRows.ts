import { useEffect, useRef, useState } from 'preact/hooks';
import type { Clock } from '../../../machines/protocol/clock.js';
import { inSlices } from '../kit/inSlices.js';
import { useDispatches } from '../kit/useDispatches.js';
import { useSelected } from '../kit/useSelected.js';
import { shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleActor } from '../machine/consoleMachine.js';
import { sourceOf, viewRequest } from './pictureSource.js';
import { type RunRows, runRows } from './runRows.js';

/**
 * The rows of what is in view; null: they are not there yet. They are made anew when the view or the dispatches have changed, in slices and one
 * after the other: until the new ones are there, the old ones stay.
 *
 * @param limit Maximum number of rows.
 */
export function useRunRows(actor: ConsoleActor, clock: Clock, limit: number): RunRows | null {
  useDispatches(actor);
  const context = useSelected(actor, snapshot => snapshot.context);
  const { shownId, view } = context;
  const [made, setMade] = useState<{ readonly shownId: number | null; readonly rows: RunRows } | null>(null);
  const work = useRef({ isStale: false, isBusy: false });
  const ended = useRef(new AbortController());
  const pool = shownMicrogrid(context)?.dispatcher.getSnapshot().children.pool?.getSnapshot();
  const { fromMs, toMs, merge, filter, showsDryRuns, showsInactive } = view;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows are made of what the actor has, and anew when one of these changes
  useEffect(() => {
    const now = work.current;
    now.isStale = true;
    if (now.isBusy) return;
    now.isBusy = true;
    const { signal } = ended.current;
    const make = async () => {
      while (now.isStale) {
        now.isStale = false;
        const present = actor.getSnapshot();
        const rows = await inSlices(runRows(viewRequest(present), limit), clock, { signal });
        setMade({ shownId: present.context.shownId, rows });
      }
    };
    make()
      .catch(error => {
        if (!signal.aborted) throw error;
      })
      .finally(() => {
        now.isBusy = false;
      });
  }, [pool, sourceOf(context), fromMs, toMs, merge, filter, showsDryRuns, showsInactive]);
  useEffect(() => () => ended.current.abort(), []);
  return made !== null && made.shownId === shownId ? made.rows : null;
}
