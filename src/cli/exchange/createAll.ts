import type { MicrogridClient } from '../../client/microgridClient.js';
import { DispatchError, messageOf } from '../../model/dispatchError.js';
import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { checkAnswer } from '../../planning/planned.js';
import { OperationFailed } from '../operationFailed.js';
import { type ImportStep, importPlan } from './importPlan.js';

type Creation = Extract<ImportStep, { step: 'create' }>;

/** Options of {@link createAll}. */
export interface CreateAllOptions {
  /** Ids of the dispatches that were there before. */
  readonly known: ReadonlySet<number>;
  readonly note: string | undefined;
  readonly signal: AbortSignal;
  /** Called with each dispatch when it is created. */
  readonly onCreated: (id: number, source: string) => void;
}

/**
 * Creates dispatches one after the other; when one fails, or the signal aborts, those created are deleted.
 *
 * @throws OperationFailed that tells what failed, and which dispatches could not be deleted.
 */
export async function createAll(
  client: MicrogridClient,
  steps: readonly Creation[],
  { known, note, signal, onCreated }: CreateAllOptions,
): Promise<void> {
  const created: number[] = [];
  for (const step of steps) {
    const { startTimeMs, ...plan } = step.plan;
    try {
      // Between two calls: of a call that is aborted nobody knows whether it was made.
      signal.throwIfAborted();
      const dispatch = await client.create({ ...plan, startTime: new Date(startTimeMs) }, { note });
      created.push(dispatch.id);
      checkAnswer({ startTimeMs, ...plan }, dispatch);
      onCreated(dispatch.id, step.source);
    } catch (error) {
      const isUnsure = error instanceof DispatchError && error.retryable;
      const left = await deleteAll(client, created);
      const reason = signal.aborted ? 'interrupted' : messageOf(error).replace(/\.$/, '');
      const parts = [
        `${step.source}: ${reason}.`,
        left.length === 0 ? 'What was created before was deleted.' : `Could not be deleted again: ${left.join(', ')}.`,
        isUnsure ? await unsureText(client, step, new Set([...known, ...created])) : '',
      ];
      throw new OperationFailed(signal.aborted ? 'CANCELLED' : DispatchError.from(error).code, parts.join(' ').trim());
    }
  }
}

/** Deletes dispatches, the last one first. Returns the ids of those that could not be deleted. */
async function deleteAll(client: MicrogridClient, ids: readonly number[]): Promise<number[]> {
  const left: number[] = [];
  for (const id of ids.toReversed()) {
    try {
      await client.delete(id, { note: 'undo of a failed import' });
    } catch (error) {
      if (!(error instanceof DispatchError)) throw error;
      if (error.code !== 'NOT_FOUND') left.push(id);
    }
  }
  return left.toReversed();
}

/** Tells whether a creation was made that may have been although it failed. What is like it may be somebody else's, so it stays. */
async function unsureText(
  client: MicrogridClient,
  { source, plan }: Creation,
  known: ReadonlySet<number>,
): Promise<string> {
  const records: DispatchRecord[] = [];
  try {
    for await (const { dispatches } of client.listPages({ startFrom: new Date(plan.startTimeMs - 1_000) })) {
      records.push(...dispatches.filter(({ id }) => !known.has(id)));
    }
  } catch (error) {
    if (!(error instanceof DispatchError)) throw error;
    return 'Whether this one was created is not known; list shows it.';
  }
  const [step] = importPlan([{ source, plan }], records, plan.startTimeMs);
  return step?.step === 'present' ? `Dispatch ${step.id} is like this one and stays: delete it if it is yours.` : '';
}
