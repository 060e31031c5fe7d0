import type { MicrogridClient } from '../../client/microgridClient.js';
import { DispatchError, messageOf } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { checkAnswer } from '../../planning/planned.js';
import { OperationFailed } from '../operationFailed.js';
import { countText } from '../output/countText.js';
import { idRanges } from '../output/idRanges.js';
import { type ImportStep, importPlan } from './importPlan.js';

/** A dispatch that an import creates. */
export type Creation = Extract<ImportStep, { step: 'create' }>;

/** Options of {@link createAll}. */
export interface CreateAllOptions {
  /** Ids of the dispatches that were there before. */
  readonly known: ReadonlySet<number>;
  readonly note: string | undefined;
  readonly signal: AbortSignal;
  /** Called with each dispatch when it is created. */
  readonly onCreated: (id: number, source: string) => void;
  /** Called with each dispatch when it is deleted again. */
  readonly onUndone: (id: number) => void;
  /** Tells what is done beside that. */
  readonly say: (notes: readonly string[]) => void;
}

/** How long a service may take for a call when what was created is deleted again. */
const PATIENCE_MS = 3_000;

/**
 * Creates dispatches one after the other; when one fails, or the signal aborts, those created are deleted, as long as the service answers.
 *
 * @throws DispatchError of the creation that failed; its message says which dispatches could not be deleted.
 * @throws OperationFailed when the signal aborts, with the same message.
 */
export async function createAll(
  client: MicrogridClient,
  steps: readonly Creation[],
  { known, note, signal, onCreated, onUndone, say }: CreateAllOptions,
): Promise<void> {
  const created: number[] = [];
  for (const step of steps) {
    const { startTimeMs, ...plan } = step.plan;
    try {
      // Between two calls: of a call that is aborted nobody knows whether it was made.
      signal.throwIfAborted();
      const dispatch = await client.create({ ...plan, startTime: new Date(startTimeMs) }, { note });
      created.push(dispatch.id);
      onCreated(dispatch.id, step.source);
      checkAnswer({ startTimeMs, ...plan }, dispatch);
    } catch (error) {
      const isUnsure = error instanceof DispatchError && error.retryable;
      const reason = signal.aborted ? 'interrupted' : messageOf(error).replace(/\.$/, '');
      if (created.length > 0) {
        const count = countText(created.length, 'dispatch', 'dispatches');
        say([`${step.source}: ${reason}; deleting ${count} that this import created.`]);
      }
      const left = await deleteAll(client, created, onUndone);
      const parts = [
        `${step.source}: ${reason}.`,
        left.length === 0 ? 'What was created before was deleted.' : `Could not be deleted again: ${idRanges(left)}.`,
        isUnsure ? await unsureText(client, step, new Set([...known, ...created])) : '',
      ];
      const message = parts.join(' ').trim();
      if (signal.aborted) throw new OperationFailed('CANCELLED', message);
      throw new DispatchError(DispatchError.from(error).code, message, { cause: error });
    }
  }
}

/** Deletes dispatches, the last one first. Returns the ids of those that could not be deleted: all the rest when the service is away. */
async function deleteAll(
  client: MicrogridClient,
  ids: readonly number[],
  onUndone: (id: number) => void,
): Promise<number[]> {
  const [wanted, left]: [number[], number[]] = [[...ids], []];
  for (let id = wanted.pop(); id !== undefined; id = wanted.pop()) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    try {
      await client.delete(id, { note: 'undo of a failed import', signal });
      onUndone(id);
    } catch (error) {
      if (isAway(error, signal)) return [...wanted, id, ...left.toReversed()];
      if (!(error instanceof DispatchError)) throw error;
      if (error.code === 'NOT_FOUND') onUndone(id);
      else left.push(id);
    }
  }
  return left.toReversed();
}

function isAway(error: unknown, { aborted }: AbortSignal): boolean {
  return aborted || (error instanceof DispatchError && ['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(error.code));
}

/** Tells whether a creation was made that may have been although it failed. What is like it may be somebody else's, so it stays. */
async function unsureText(
  client: MicrogridClient,
  { source, plan }: Creation,
  known: ReadonlySet<number>,
): Promise<string> {
  const records: DispatchRecord[] = [];
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    for await (const { dispatches } of client.listPages({ startFrom: new Date(plan.startTimeMs - 1_000), signal })) {
      records.push(...dispatches.filter(({ id }) => !known.has(id)));
    }
  } catch (error) {
    if (!(error instanceof DispatchError) && !signal.aborted) throw error;
    return 'Whether this one was created is not known; list shows it.';
  }
  const [step] = importPlan([{ source, plan }], records, plan.startTimeMs);
  return step?.step === 'present' ? `Dispatch ${step.id} is like this one and stays: delete it if it is yours.` : '';
}
