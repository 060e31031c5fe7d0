import type { DispatchChange, DispatchPage } from '../../machines/protocol/transport.js';
import { Event } from '../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import type {
  Dispatch as DispatchMessage,
  StreamMicrogridDispatchesResponse,
} from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch, type DispatchEvent } from '../dispatch.js';
import { DispatchError } from '../model/dispatchError.js';
import type { DispatchRecord } from '../model/dispatchRecord.js';
import { decodeDispatch } from '../wire/dispatchCodec.js';
import { undecodable } from '../wire/undecodable.js';

const eventKinds = new Map<number, DispatchEvent['type']>([
  [Event.CREATED, 'created'],
  [Event.UPDATED, 'updated'],
  [Event.DELETED, 'deleted'],
]);

/** @throws DispatchError `UNDECODABLE` when it is missing, or this version cannot represent it. */
export function decodeAnswer(message: DispatchMessage | undefined, microgridId: number): Dispatch {
  if (message === undefined) throw undecodable('dispatch', 'is missing in the answer');
  return new Dispatch(decodeDispatch(message, microgridId));
}

/** Decodes a page; what cannot be decoded is returned as problems. */
export function decodePage(messages: readonly DispatchMessage[], microgridId: number): DispatchPage {
  const [dispatches, problems]: [DispatchRecord[], DispatchError[]] = [[], []];
  for (const message of messages) {
    const read = readOrProblem(() => decodeDispatch(message, microgridId));
    if (read instanceof DispatchError) problems.push(read);
    else dispatches.push(read);
  }
  return { dispatches, problems };
}

/** Decodes a change event; returns a problem when it cannot be decoded. */
export function decodeChange(response: StreamMicrogridDispatchesResponse, microgridId: number): DispatchChange {
  const { dispatch, event } = response;
  const read = readOrProblem((): DispatchChange => {
    const kind = eventKinds.get(event);
    if (kind === undefined) throw undecodable('event', `is ${event}, which this version does not know`);
    if (dispatch === undefined) throw undecodable('dispatch', 'is missing in an event');
    return { kind, dispatch: decodeDispatch(dispatch, microgridId) };
  });
  if (!(read instanceof DispatchError)) return read;
  const deletedId = event === Event.DELETED ? read.dispatchId : undefined;
  return { kind: 'problem', problem: read, ...(deletedId !== undefined && { deletedId }) };
}

function readOrProblem<T>(read: () => T): T | DispatchError {
  try {
    return read();
  } catch (error) {
    if (error instanceof DispatchError) return error;
    throw error;
  }
}
