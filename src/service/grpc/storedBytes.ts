import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import { PaginationInfo } from '../../../proto/gen/frequenz/api/common/v1alpha8/pagination/pagination_info.js';
import type { Event } from '../../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import {
  GetMicrogridDispatchResponse,
  MicrogridDispatchServiceDefinition,
  StreamMicrogridDispatchesResponse,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';

/** A response type that is already encoded. */
const encodedResponse = {
  encode: (response: Uint8Array) => ({ finish: () => response }),
  decode: (response: Uint8Array) => response,
};

type Methods = typeof MicrogridDispatchServiceDefinition.methods;

/**
 * The service definition with encoded responses instead of messages, so that stored dispatches are sent as they are: encoding
 * 100,000 of them again takes five times as long.
 */
export const storedBytesDefinition = {
  ...MicrogridDispatchServiceDefinition,
  methods: Object.fromEntries(
    Object.entries(MicrogridDispatchServiceDefinition.methods).map(([name, method]) => [
      name,
      { ...method, responseType: encodedResponse },
    ]),
  ) as {
    readonly [Name in keyof Methods]: Omit<Methods[Name], 'responseType'> & { responseType: typeof encodedResponse };
  },
};

/** Encodes a `CreateMicrogridDispatchResponse` or an `UpdateMicrogridDispatchResponse`; both have only the dispatch. */
export function encodeDispatchResponse(dispatch: Uint8Array): Uint8Array {
  return embed(new BinaryWriter(), 1, dispatch).finish();
}

/** Encodes a `GetMicrogridDispatchResponse`. */
export function encodeGetResponse(microgridId: number, dispatch: Uint8Array): Uint8Array {
  const writer = GetMicrogridDispatchResponse.encode({ microgridId: BigInt(microgridId), dispatch: undefined });
  return embed(writer, 2, dispatch).finish();
}

/** Encodes a `ListMicrogridDispatchesResponse`. */
export function encodeListResponse(dispatches: readonly Uint8Array[], paginationInfo: PaginationInfo): Uint8Array {
  const writer = new BinaryWriter();
  for (const dispatch of dispatches) embed(writer, 1, dispatch);
  return embed(writer, 2, PaginationInfo.encode(paginationInfo).finish()).finish();
}

/** Encodes a `StreamMicrogridDispatchesResponse`. */
export function encodeStreamResponse(event: Event, dispatch: Uint8Array): Uint8Array {
  const writer = embed(new BinaryWriter(), 1, dispatch);
  return StreamMicrogridDispatchesResponse.encode({ dispatch: undefined, event }, writer).finish();
}

/** Writes an encoded message as field `number` of another. */
function embed(writer: BinaryWriter, number: number, message: Uint8Array): BinaryWriter {
  return writer.tag(number, WireType.LengthDelimited).bytes(message);
}
