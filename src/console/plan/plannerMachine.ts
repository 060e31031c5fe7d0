import { type ActorRefFrom, assign, fromPromise, setup } from 'xstate';

import { emitAndSendToParent } from '../../../machines/xstate/emitAndSendToParent.js';
import { DispatchError, type DispatchErrorJson } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { PlanError } from '../../planning/planError.js';
import { sentenceOf } from '../kit/sentenceOf.js';
import { type ExistingSubject, recordsOf, subjectText } from './fields/planSubject.js';
import type { Done } from './write/done.js';
import type { PlanAction } from './write/performAction.js';
import { isAboutSame, type UndoEntry, withoutEntry } from './write/undoEntry.js';

/** What is done to dispatches of a microgrid, with the note for the audit. */
export interface PlannedAction {
  readonly microgridId: number;
  readonly action: PlanAction;
  readonly note?: string | undefined;
}

/** Events to the planner. */
export type PlannerEvent =
  | ({ readonly type: 'action.wanted' } & PlannedAction)
  /** A form was saved. */
  | { readonly type: 'action.done'; readonly microgridId: number; readonly done: Done }
  /** The last thing that was done in a microgrid is to be taken back. */
  | { readonly type: 'undo.wanted'; readonly microgridId: number }
  | { readonly type: 'news.read' };

/** What the planner emits, and tells the machine that invoked it, after something was taken back: what was there before, and what is now. */
export interface PlanRestored {
  readonly type: 'plan.restored';
  readonly microgridId: number;
  readonly before: readonly DispatchRecord[];
  readonly records: readonly DispatchRecord[];
}

/** What the planner last told people about a microgrid. */
export type PlannerNews = { readonly microgridId: number; readonly text: string } & (
  | { readonly kind: 'done' }
  | {
      readonly kind: 'failed';
      readonly error: DispatchErrorJson;
      /** What was deleted and cannot be put back, as it was; null: nothing. */
      readonly lost: ExistingSubject | null;
    }
);

/** Context of the planner; JSON-safe. */
export interface PlannerContext {
  /** What can be taken back, the last one last. */
  readonly undoStack: readonly UndoEntry[];
  /** What is being done; null: nothing. */
  readonly working: string | null;
  readonly action: PlannedAction | null;
  /** What is being taken back; null: nothing. */
  readonly undoing: UndoEntry | null;
  readonly news: PlannerNews | null;
}

/** Maximum number of entries that can be undone. */
const MAX_UNDO = 50;

const VERBS = {
  pause: 'Pausing',
  resume: 'Resuming',
  delete: 'Deleting',
  runNow: 'Running',
  skip: 'Skipping a run of',
  unskip: 'Bringing a run back of',
};

/**
 * What is done to dispatches beside forms, one thing after the other, and what of it can be undone.
 *
 * Its actors come by `plannerOf`: `perform` and `takeBack`.
 */
export const plannerMachine = setup({
  types: { context: {} as PlannerContext, events: {} as PlannerEvent, emitted: {} as PlanRestored },
  actors: {
    perform: fromPromise<Done, PlannedAction>(notProvided),
    takeBack: fromPromise<Done, UndoEntry>(notProvided),
  },
  actions: {
    noteAction: assign(({ event }) => {
      if (event.type !== 'action.wanted') return {};
      const { microgridId, action, note } = event;
      const what = action.kind === 'runNow' ? `dispatch ${action.id}` : subjectText(action.subject);
      return { action: { microgridId, action, note }, working: `${VERBS[action.kind]} ${what} …`, news: null };
    }),
    noteUndo: assign(({ context, event }) => {
      const undoing = event.type === 'undo.wanted' ? lastOf(context, event.microgridId) : null;
      return { undoing, working: `Undoing the ${undoing?.text} …`, news: null };
    }),
    noteDone: assign(({ context: { undoStack, action }, event }, { done }: { done: Done }) => {
      const microgridId = event.type === 'action.done' ? event.microgridId : (action?.microgridId ?? 0);
      return {
        undoStack: done.undo === null ? undoStack : [...undoStack, done.undo].slice(-MAX_UNDO),
        news: { kind: 'done', microgridId, text: done.text },
      };
    }),
    noteUndone: assign(({ context: { undoStack, undoing } }, { done }: { done: Done }) => ({
      undoStack: undoing === null ? undoStack : withoutEntry(undoStack, undoing, done.records),
      news: { kind: 'done', microgridId: undoing?.microgridId ?? 0, text: done.text },
    })),
    tellRestored: emitAndSendToParent<PlannerContext, PlannerEvent, { done: Done }, PlanRestored>(
      ({ context: { undoing } }, { done: { records } }) =>
        undoing === null
          ? []
          : [{ type: 'plan.restored', microgridId: undoing.microgridId, before: recordsOf(undoing.before), records }],
    ),
    noteFailure: assign(({ context: { undoing, action, working } }, { error }: { error: unknown }) => {
      const known = DispatchError.from(error);
      const isLost = undoing?.after.length === 0 && undoing.before.kind !== 'new' && isHopeless(known);
      const lost = isLost ? (undoing.before as ExistingSubject) : null;
      const microgridId = (undoing ?? action)?.microgridId ?? 0;
      return { news: { kind: 'failed', microgridId, text: failureText(known, working), error: known.toJSON(), lost } };
    }),
    /** What was changed since, or is over, will never be undone, and so nothing that was done to it before. */
    dropIfHopeless: assign(({ context: { undoStack, undoing } }, { error }: { error: unknown }) =>
      undoing !== null && isHopeless(DispatchError.from(error))
        ? { undoStack: undoStack.filter(entry => !isAboutSame(entry, undoing)) }
        : {},
    ),
    rest: assign({ working: null, action: null, undoing: null }),
    forgetNews: assign({ news: null }),
  },
  guards: {
    canUndo: ({ context, event }) => event.type === 'undo.wanted' && lastOf(context, event.microgridId) !== null,
  },
}).createMachine({
  id: 'planner',
  context: { undoStack: [], working: null, action: null, undoing: null, news: null },
  initial: 'idle',
  states: {
    idle: {
      entry: 'rest',
      on: {
        'action.wanted': { target: 'performing', actions: 'noteAction' },
        'undo.wanted': { guard: 'canUndo', target: 'undoing', actions: 'noteUndo' },
      },
    },
    performing: {
      invoke: {
        src: 'perform',
        input: ({ context }) => context.action as PlannedAction,
        onDone: { target: 'idle', actions: { type: 'noteDone', params: ({ event }) => ({ done: event.output }) } },
        onError: { target: 'idle', actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) } },
      },
    },
    undoing: {
      invoke: {
        src: 'takeBack',
        input: ({ context }) => context.undoing as UndoEntry,
        onDone: {
          target: 'idle',
          actions: [
            { type: 'tellRestored', params: ({ event }) => ({ done: event.output }) },
            { type: 'noteUndone', params: ({ event }) => ({ done: event.output }) },
          ],
        },
        onError: {
          target: 'idle',
          actions: [
            { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
            { type: 'dropIfHopeless', params: ({ event }) => ({ error: event.error }) },
          ],
        },
      },
    },
  },
  on: {
    'action.done': { actions: { type: 'noteDone', params: ({ event }) => ({ done: event.done }) } },
    'news.read': { actions: 'forgetNews' },
  },
});

/** An actor of {@link plannerMachine}. */
export type PlannerActor = ActorRefFrom<typeof plannerMachine>;

/** What was done last in a microgrid, and can be taken back; null: nothing. */
export function lastOf({ undoStack }: PlannerContext, microgridId: number): UndoEntry | null {
  return undoStack.findLast(entry => entry.microgridId === microgridId) ?? null;
}

function isHopeless({ code }: DispatchError): boolean {
  return code === 'ABORTED' || code === 'FAILED_PRECONDITION';
}

/** Why something failed. Whatever a plan is refused for says what it is about. */
function failureText(error: DispatchError, working: string | null): string {
  const { message, code } = error;
  if (error instanceof PlanError || working === null) return sentenceOf(message);
  const isUnknown = code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED';
  const doubt = isUnknown ? ' It may have been done all the same: look before you do it again.' : '';
  return `${working.replace(' …', '')} failed: ${sentenceOf(message)}${doubt}`;
}

function notProvided(): never {
  throw new Error('the planner needs its actors: plannerOf(…)');
}
