import type { Dispatch as DispatchMessage } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { Dispatch } from '../dispatch.js';
import { decodeDispatch, encodeDispatch } from '../wire/dispatchCodec.js';

/**
 * The dispatch of a generated `frequenz.api.dispatch.v1.Dispatch` message.
 *
 * @throws DispatchError `UNDECODABLE`, with the field, when this version cannot represent it.
 */
export function dispatchFromProtobuf(microgridId: number, message: DispatchMessage): Dispatch {
  return new Dispatch(decodeDispatch(message, microgridId));
}

/** The generated `frequenz.api.dispatch.v1.Dispatch` message of a dispatch. */
export function dispatchToProtobuf(dispatch: Dispatch): DispatchMessage {
  return encodeDispatch(dispatch.record);
}
