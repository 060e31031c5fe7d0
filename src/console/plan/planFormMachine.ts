import { type ActorRefFrom, assign, fromPromise, setup } from 'xstate';

import { emitAndSendToParent } from '../../../machines/xstate/emitAndSendToParent.js';
import { DispatchError } from '../../model/dispatchError.js';
import type { PlanOverlap } from './draft/planOverlaps.js';
import { changeField } from './fields/changeField.js';
import { joinProblems, violationProblems } from './fields/fieldProblems.js';
import { withField } from './fields/mergeFields.js';
import type { FieldName } from './fields/planFields.js';
import type { ExistingSubject, PlanSubject } from './fields/planSubject.js';
import {
  initialContext,
  type PlanFormContext,
  type PlanFormInput,
  withDraft,
  withFixedStart,
  withTheirs,
} from './planFormContext.js';
import type { CheckResult, PlanFormEvent, PlanFormWork, PlanPreviewed } from './planFormEvent.js';
import type { Done } from './write/done.js';
import { isSameVersion } from './write/presentSubject.js';
import type { SaveResult } from './write/saveDraft.js';

/**
 * The form of a dispatch: it is edited, checked against what is there, shown before it is saved, and saved. What somebody else changes meanwhile is
 * put together with it; what both changed is a conflict that is resolved before anything is saved. Its output is what was done; null: nothing.
 *
 * Its actors come by `planFormOf`: `check` and `save`.
 */
export const planFormMachine = setup({
  types: {
    input: {} as PlanFormInput,
    context: {} as PlanFormContext,
    events: {} as PlanFormEvent,
    emitted: {} as PlanPreviewed,
    output: {} as Done | null,
  },
  actors: {
    check: fromPromise<CheckResult, PlanFormWork>(notProvided),
    save: fromPromise<SaveResult, PlanFormWork>(notProvided),
  },
  actions: {
    change: assign(({ context, event }) => {
      if (event.type !== 'field.changed') return {};
      const { field, value } = event;
      const { [field]: _, form: __, ...refused } = context.refused;
      // What a rule in local time needs elsewhere is told at once.
      const needed: readonly FieldName[] = field === 'clock' || field === 'recurs' ? ['ends', 'ending'] : [];
      const touched = context.touched === 'all' ? 'all' : [...new Set([...context.touched, ...needed])];
      const startSpan = field === 'start' ? null : context.startSpan;
      const changed = { ...context, ...changeField(context, field, value) };
      return withDraft({ ...changed, startSpan, refused, touched, isEdited: true });
    }),
    touch: assign(({ context: { touched }, event }) => {
      if (event.type !== 'field.left' || touched === 'all') return {};
      return { touched: [...new Set([...touched, event.field])] };
    }),
    fixStart: assign(({ context }) => withFixedStart(context)),
    showProblems: assign({ touched: 'all' }),
    tick: assign(({ context, event }) =>
      event.type === 'clock.ticked' ? withDraft({ ...context, nowMs: event.atMs }) : {},
    ),
    take: assign(({ context }, { theirs }: { theirs: ExistingSubject | null }) =>
      theirs === null ? {} : withTheirs(context, theirs),
    ),
    resolve: assign(({ context, event }) => {
      if (event.type !== 'conflict.resolved') return {};
      const resolved = context.conflicts.filter(({ field }) => event.field === 'all' || field === event.field);
      const fields = resolved.reduce(
        (merged, { field, theirs }) => (event.choice === 'theirs' ? withField(merged, field, theirs) : merged),
        context.fields,
      );
      return withDraft({ ...context, fields, conflicts: context.conflicts.filter(one => !resolved.includes(one)) });
    }),
    makeNew: assign(({ context }) => withDraft({ ...context, subject: { kind: 'new' }, taken: [], conflicts: [] })),
    noteOverlaps: assign((_, { overlaps }: { overlaps: readonly PlanOverlap[] }) => ({ overlaps })),
    noteRefusal: assign((_, { error }: { error: unknown }) => ({
      touched: 'all',
      refused: violationProblems(DispatchError.from(error)),
    })),
    noteInvalid: assign(({ context }, { result }: { result: SaveResult }) =>
      result.kind === 'invalid' ? { touched: 'all', refused: joinProblems(context.refused, result.problems) } : {},
    ),
    noteFailure: assign((_, { error }: { error: unknown }) => ({ failure: DispatchError.from(error).toJSON() })),
    forgetFailure: assign({ failure: null }),
    noteDone: assign((_, { result }: { result: SaveResult }) => (result.kind === 'saved' ? { done: result.done } : {})),
    tellPreview: emitAndSendToParent<PlanFormContext, PlanFormEvent, undefined, PlanPreviewed>(
      ({ context: { microgridId, draft } }) => [{ type: 'plan.previewed', microgridId, records: draft.records }],
    ),
  },
  guards: {
    isValid: ({ context: { draft, subject } }) =>
      Object.keys(draft.problems).length === 0 && (draft.hasChanges || subject.kind === 'new'),
    isInvalid: ({ context }) => Object.keys(context.draft.problems).length > 0,
    isInConflict: ({ context }) => context.conflicts.length > 0,
    isGone: (_, { theirs }: { theirs: PlanSubject | null }) => theirs === null,
    isOther: ({ context }, { theirs }: { theirs: PlanSubject | null }) =>
      theirs !== null && theirs.kind !== 'new' && !isSameVersion(theirs, context.subject),
    isSaved: (_, { result }: { result: SaveResult }) => result.kind === 'saved',
    isOvertaken: (_, { result }: { result: SaveResult }) => result.kind === 'overtaken' && result.present !== null,
    isDeleted: (_, { result }: { result: SaveResult }) => result.kind === 'overtaken' && result.present === null,
    isRefusal: (_, { error }: { error: unknown }) =>
      error instanceof DispatchError && error.code === 'INVALID_ARGUMENT',
  },
}).createMachine({
  id: 'planForm',
  context: ({ input }) => initialContext(input),
  initial: 'editing',
  entry: 'tellPreview',
  output: ({ context }) => context.done,
  states: {
    editing: {
      on: {
        'preview.wanted': [
          { guard: 'isValid', target: 'checking', actions: ['fixStart', 'tellPreview'] },
          { actions: 'showProblems' },
        ],
      },
    },
    checking: {
      entry: 'forgetFailure',
      invoke: {
        src: 'check',
        input: work,
        onDone: [
          { guard: { type: 'isGone', params: ({ event }) => ({ theirs: event.output.present }) }, target: 'deleted' },
          {
            guard: { type: 'isOther', params: ({ event }) => ({ theirs: event.output.present }) },
            target: 'merging',
            actions: { type: 'take', params: ({ event }) => ({ theirs: existing(event.output.present) }) },
          },
          {
            target: 'previewing',
            actions: { type: 'noteOverlaps', params: ({ event }) => ({ overlaps: event.output.overlaps }) },
          },
        ],
        onError: {
          target: 'failed',
          actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    previewing: {
      always: { guard: 'isInvalid', target: 'editing', actions: 'showProblems' },
      on: { 'save.wanted': { target: 'saving' } },
    },
    saving: {
      entry: 'forgetFailure',
      invoke: {
        src: 'save',
        input: work,
        onDone: [
          {
            guard: { type: 'isSaved', params: ({ event }) => ({ result: event.output }) },
            target: 'saved',
            actions: { type: 'noteDone', params: ({ event }) => ({ result: event.output }) },
          },
          {
            guard: { type: 'isOvertaken', params: ({ event }) => ({ result: event.output }) },
            target: 'merging',
            actions: { type: 'take', params: ({ event }) => ({ theirs: presentOf(event.output) }) },
          },
          { guard: { type: 'isDeleted', params: ({ event }) => ({ result: event.output }) }, target: 'deleted' },
          {
            target: 'editing',
            actions: { type: 'noteInvalid', params: ({ event }) => ({ result: event.output }) },
          },
        ],
        onError: [
          {
            guard: { type: 'isRefusal', params: ({ event }) => ({ error: event.error }) },
            target: 'editing',
            actions: { type: 'noteRefusal', params: ({ event }) => ({ error: event.error }) },
          },
          {
            target: 'failed',
            actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
          },
        ],
      },
      // The form is what is being saved; that others hear of the save is no change by others.
      on: { 'field.changed': {}, 'subject.changed': {}, 'clock.ticked': {}, 'form.closed': {}, 'edit.wanted': {} },
    },
    failed: {
      on: {
        'save.wanted': { target: 'saving' },
        'preview.wanted': { target: 'checking' },
      },
    },
    merging: {
      always: [{ guard: 'isInConflict', target: 'conflict' }, { target: 'editing' }],
      exit: 'tellPreview',
    },
    conflict: {
      on: {
        'conflict.resolved': { target: 'merging', actions: 'resolve' },
        'field.changed': {},
        'edit.wanted': {},
      },
    },
    deleted: {
      on: {
        'recreate.wanted': { target: 'editing', actions: ['makeNew', 'tellPreview'] },
        'field.changed': {},
        'edit.wanted': {},
        'subject.changed': {},
      },
    },
    saved: { type: 'final' },
    closed: { type: 'final' },
  },
  on: {
    'field.changed': { target: '.editing', actions: ['change', 'tellPreview'] },
    'field.left': { actions: 'touch' },
    'clock.ticked': { actions: ['tick', 'tellPreview'] },
    'edit.wanted': { target: '.editing' },
    'subject.changed': [
      { guard: { type: 'isGone', params: ({ event }) => ({ theirs: event.subject }) }, target: '.deleted' },
      {
        guard: { type: 'isOther', params: ({ event }) => ({ theirs: event.subject }) },
        target: '.merging',
        actions: { type: 'take', params: ({ event }) => ({ theirs: event.subject }) },
      },
    ],
    'form.closed': { target: '.closed' },
  },
});

/** An actor of {@link planFormMachine}. */
export type PlanFormActor = ActorRefFrom<typeof planFormMachine>;

function work({ context }: { context: PlanFormContext }): PlanFormWork {
  const { microgridId, present, subject, fields, draft } = context;
  return { microgridId, present, subject, fields, records: draft.records };
}

function existing(subject: PlanSubject | null): ExistingSubject | null {
  return subject === null || subject.kind === 'new' ? null : subject;
}

function presentOf(result: SaveResult): ExistingSubject | null {
  return result.kind === 'overtaken' ? result.present : null;
}

function notProvided(): never {
  throw new Error('the machine of a form needs its actors: planFormOf(…)');
}
