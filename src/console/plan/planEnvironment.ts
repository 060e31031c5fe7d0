import { fromPromise } from 'xstate';

import { type Clock, yieldBetweenSlices } from '../../../machines/protocol/clock.js';
import type { PlanningClient } from '../../planning/planningClient.js';
import { type PlanOverlap, planOverlaps } from './draft/planOverlaps.js';
import type { CheckResult, PlanFormWork } from './planFormEvent.js';
import { planFormMachine } from './planFormMachine.js';
import { type PlannedAction, plannerMachine } from './plannerMachine.js';
import { presentRecords } from './planRequest.js';
import type { Done } from './write/done.js';
import { performAction } from './write/performAction.js';
import { presentSubject } from './write/presentSubject.js';
import { type SaveResult, saveDraft } from './write/saveDraft.js';
import { takeBack } from './write/takeBack.js';
import type { UndoEntry } from './write/undoEntry.js';

/** What planning needs from outside. */
export interface PlanEnvironment {
  readonly clock: Clock;
  /** The calls of the service for a microgrid. */
  client(microgridId: number): PlanningClient;
}

/** Maximum number of overlaps that are told. */
const MAX_OVERLAPS = 20;

/** {@link planFormMachine} with its actors. */
export function planFormOf({ clock, client }: PlanEnvironment): typeof planFormMachine {
  return planFormMachine.provide({
    actors: {
      check: fromPromise<CheckResult, PlanFormWork>(async ({ input, signal }) => {
        const { subject, microgridId, records, present: others } = input;
        const nowMs = clock.nowMs();
        const present = subject.kind === 'new' ? subject : await presentSubject(client(microgridId), subject, nowMs);
        const overlaps: PlanOverlap[] = [];
        const turn = yieldBetweenSlices(clock);
        for (const overlap of planOverlaps(records, presentRecords(others), nowMs)) {
          if (overlap !== null && overlaps.push(overlap) === MAX_OVERLAPS) break;
          await turn();
          signal.throwIfAborted();
        }
        return { present, overlaps: overlaps.sort((a, b) => a.run.startMs - b.run.startMs) };
      }),
      save: fromPromise<SaveResult, PlanFormWork>(({ input: { microgridId, subject, fields } }) =>
        saveDraft(client(microgridId), subject, fields, clock.nowMs()),
      ),
    },
  });
}

/** {@link plannerMachine} with its actors. */
export function plannerOf({ clock, client }: PlanEnvironment): typeof plannerMachine {
  return plannerMachine.provide({
    actors: {
      perform: fromPromise<Done, PlannedAction>(({ input: { microgridId, action, note } }) =>
        performAction(client(microgridId), action, { nowMs: clock.nowMs(), note }),
      ),
      takeBack: fromPromise<Done, UndoEntry>(({ input }) =>
        takeBack(client(input.microgridId), input, { nowMs: clock.nowMs(), note: `undo: ${input.text}` }),
      ),
    },
  });
}
