import type { Snapshot } from 'xstate';
import { DispatchError, type DispatchErrorCode } from '../../src/model/dispatchError.js';
import { isId, isObject } from '../protocol/recordCheck.js';
import { type DispatcherContext, type DispatcherInput, freshContext } from './dispatcherContext.js';

/** Format version of the persisted snapshot of a dispatcher. A snapshot without a version has version 1. */
export const snapshotFormatVersion = 2;

/** Actors that the snapshot of a dispatcher must contain. */
const parts = ['pool', 'timer', 'store', 'source'];

/**
 * Checks that a dispatcher can be restored from a persisted snapshot: `actor.getPersistedSnapshot()` of a `dispatcherMachine`, also after
 * a JSON round trip. It does not check each dispatch: a dispatch that cannot be restored is reported as a problem when the dispatcher
 * starts, and does not affect the others.
 *
 * @param snapshot Any value.
 * @param microgridId The microgrid that it must belong to. @default any
 * @returns The snapshot.
 * @throws DispatchError `INVALID_ARGUMENT` when it is not a snapshot of a dispatcher, or belongs to another microgrid;
 * `FAILED_PRECONDITION` when it was taken after the dispatcher stopped, or has a newer version; `DATA_LOSS` when parts of it are missing
 * or damaged.
 */
export function checkSnapshot(snapshot: unknown, microgridId?: number): Snapshot<unknown> {
  if (!isObject(snapshot)) refuse('INVALID_ARGUMENT', `must be an object, not ${describe(snapshot)}`);
  const { formatVersion = 1, status, context, children } = snapshot;
  if (!Number.isInteger(formatVersion) || Number(formatVersion) < 1) {
    refuse('INVALID_ARGUMENT', `has the format version ${String(formatVersion)}, which is none`);
  }
  if (Number(formatVersion) > snapshotFormatVersion) {
    const read = `this version reads up to ${snapshotFormatVersion}`;
    refuse('FAILED_PRECONDITION', `has the format version ${formatVersion} of a newer xstate-dispatch; ${read}`);
  }
  checkStatus(status);
  if (!isObject(context)) refuse('INVALID_ARGUMENT', 'is not of a dispatcher: it has no context');
  checkMicrogrid(context.microgridId, microgridId);
  if (!isObject(children)) refuse('DATA_LOSS', 'is damaged: it has no children');
  for (const name of parts) checkPart(children[name], name, context.microgridId);
  return snapshot as unknown as Snapshot<unknown>;
}

/**
 * Checks the snapshot of a dispatcher, and makes it one that begins in `starting`, in whatever state it was taken.
 *
 * @param input The input of the machine, whose microgrid it must belong to.
 * @throws DispatchError as {@link checkSnapshot} does.
 */
export function toRestorable(persisted: unknown, input: unknown): Snapshot<unknown> {
  const { microgridId } = (input ?? {}) as Partial<DispatcherInput>;
  const snapshot = checkSnapshot(persisted, microgridId);
  const { context } = snapshot as Snapshot<unknown> & { context: DispatcherContext };
  return Object.assign({}, snapshot, {
    value: 'starting',
    historyValue: {},
    context: { ...freshContext(context.microgridId), lastContactMs: context.lastContactMs ?? null },
  });
}

function checkStatus(status: unknown): void {
  if (status === 'done' || status === 'stopped') {
    refuse('FAILED_PRECONDITION', 'was taken after the dispatcher had stopped; take it before');
  }
  if (status === 'error') refuse('FAILED_PRECONDITION', 'was taken after the dispatcher had failed; take it before');
  if (status !== 'active') refuse('INVALID_ARGUMENT', 'is not of a dispatcher: its status must be active');
}

function checkMicrogrid(id: unknown, expected: number | undefined): void {
  if (!isId(id)) {
    refuse('INVALID_ARGUMENT', 'is not of a dispatcher: context.microgridId must be an integer of 0 or more');
  }
  if (expected !== undefined && id !== expected) {
    refuse('INVALID_ARGUMENT', `is of microgrid ${id}, not of microgrid ${expected}`);
  }
}

function checkPart(part: unknown, name: string, microgridId: unknown): void {
  const path = `children.${name}`;
  if (!isObject(part) || !isObject(part.snapshot)) refuse('DATA_LOSS', `is damaged: ${path} is missing`);
  const { src, snapshot } = part;
  if (src !== name) refuse('DATA_LOSS', `is damaged: ${path}.src must be '${name}'`);
  if (snapshot.status !== 'active') refuse('DATA_LOSS', `is damaged: ${path} does not run`);
  const { context, input } = snapshot;
  const about = name === 'pool' ? context : input;
  if (name === 'timer') return;
  if (!isObject(about) || about.microgridId !== microgridId) {
    refuse('DATA_LOSS', `is damaged: ${path} is not of microgrid ${microgridId}`);
  }
  if (name !== 'pool') return;
  if (typeof about.synced !== 'boolean') refuse('DATA_LOSS', `is damaged: ${path} does not say whether it is synced`);
  if (!Array.isArray(about.dispatches)) refuse('DATA_LOSS', `is damaged: ${path} has no dispatches`);
}

function refuse(code: DispatchErrorCode, reason: string): never {
  throw new DispatchError(code, `the snapshot ${reason}`, { field: 'snapshot' });
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
