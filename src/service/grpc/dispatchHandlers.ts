import { Metadata } from '@grpc/grpc-js';

import { Event } from '../../../proto/gen/frequenz/api/common/v1alpha8/streaming/event.js';
import {
  CreateMicrogridDispatchRequest,
  DeleteMicrogridDispatchRequest,
  DeleteMicrogridDispatchResponse,
  type StreamMicrogridDispatchesRequest,
  UpdateMicrogridDispatchRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import {
  CHANGE_LOG_POSITION,
  decodeLogPosition,
  encodeLogPosition,
  RESUME_AFTER,
  RESUMED,
  SERVER_TIME,
} from '../../wire/logPosition.js';
import { REQUEST_IDS_KEPT_S } from '../../wire/requestId.js';
import type { ReadShares } from '../access/readShares.js';
import type { AppliedWrite, ChangeKind, DispatchStore, StoredDispatch } from '../domain/dispatchStore.js';
import { createWrite, deleteWrite, updateWrite } from '../domain/dispatchWrites.js';
import { encodePageToken } from '../domain/pageToken.js';
import { readListRequest } from '../domain/readListRequest.js';
import { notFound, readDispatchIds, readId, readNewMicrogridId } from '../domain/requestIds.js';
import type { ChangeFeed } from '../feed/changeFeed.js';
import type { Handlers } from './handlers.js';
import { idempotentWrite, REQUEST_ID_RETENTION_S } from './idempotentWrite.js';
import type { ServedCall } from './servedCall.js';
import {
  encodeDispatchResponse,
  encodeGetResponse,
  encodeListResponse,
  encodeStreamResponse,
  type storedBytesDefinition,
} from './storedBytes.js';

/** Maximum bytes of dispatches on a page: clients accept messages of 4 MB. */
const MAX_PAGE_BYTES = 3_000_000;

const EVENTS: { readonly [Kind in ChangeKind]: Event } = {
  created: Event.CREATED,
  updated: Event.UPDATED,
  deleted: Event.DELETED,
};

/** Implements the six calls of the service on a store and the feed of its changes; gets and lists take the shares of their keys. */
export function dispatchHandlers(
  store: DispatchStore,
  feed: ChangeFeed,
  reads: ReadShares,
): Handlers<typeof storedBytesDefinition> {
  return {
    async createMicrogridDispatch(request, call) {
      const microgridId = readNewMicrogridId(request.microgridId);
      const encode = () => CreateMicrogridDispatchRequest.encode(request).finish();
      const creation = createWrite(request, Math.floor(Date.now() / 1000));
      const write = idempotentWrite(creation, call, { method: 'create', microgridId, encode });
      const dispatch = dispatchOf(await store.apply(microgridId, write));
      call.createdId = dispatch.id;
      return encodeDispatchResponse(dispatch.message);
    },

    async updateMicrogridDispatch(request, call) {
      const { microgridId, dispatchId } = readDispatchIds(request);
      const encode = () => UpdateMicrogridDispatchRequest.encode(request).finish();
      const update = updateWrite(microgridId, dispatchId, request);
      const write = idempotentWrite(update, call, { method: 'update', microgridId, encode });
      return encodeDispatchResponse(dispatchOf(await store.apply(microgridId, write)).message);
    },

    async deleteMicrogridDispatch(request, call) {
      const { microgridId, dispatchId } = readDispatchIds(request);
      const encode = () => DeleteMicrogridDispatchRequest.encode(request).finish();
      const deletion = deleteWrite(microgridId, dispatchId);
      await store.apply(microgridId, idempotentWrite(deletion, call, { method: 'delete', microgridId, encode }));
      return DeleteMicrogridDispatchResponse.encode(request).finish();
    },

    async getMicrogridDispatch(request, call) {
      const { microgridId, dispatchId } = readDispatchIds(request);
      const dispatch = await reads.run(call, () => store.get(microgridId, dispatchId));
      if (!dispatch) throw notFound(request);
      return encodeGetResponse(microgridId, dispatch.message);
    },

    async listMicrogridDispatches(request, call) {
      const { microgridId, query, page } = readListRequest(request);
      const list = () => store.list(microgridId, query, page.place, page.size, MAX_PAGE_BYTES);
      const { items, next, total } = await reads.run(call, list);
      return encodeListResponse(
        items.map(item => item.message),
        {
          totalItems: total,
          nextPageToken: next ? encodePageToken(microgridId, query, page.size, next) : undefined,
        },
      );
    },

    streamMicrogridDispatches: (request, call) => streamChanges(feed, request, call),
  };
}

async function* streamChanges(feed: ChangeFeed, request: StreamMicrogridDispatchesRequest, call: ServedCall) {
  const resumeAfter = decodeLogPosition(call.metadata.get(RESUME_AFTER)[0]?.toString());
  const stream = await feed.open(readId(request.microgridId), call.signal, resumeAfter);
  try {
    // The headers tell the client that nothing is missed from now on. Without an entry they would wait for the first event.
    const headers = new Metadata();
    if (stream.head !== null) headers.set(CHANGE_LOG_POSITION, encodeLogPosition(stream.head));
    if (stream.resumed) headers.set(RESUMED, 'true');
    headers.set(SERVER_TIME, new Date().toISOString());
    headers.set(REQUEST_IDS_KEPT_S, String(REQUEST_ID_RETENTION_S));
    call.sendHeaders(headers);
    for (;;) {
      const { kind, message } = await stream.next();
      yield encodeStreamResponse(EVENTS[kind], message);
    }
  } finally {
    stream.close();
  }
}

function dispatchOf({ dispatch }: AppliedWrite): StoredDispatch {
  if (!dispatch) throw new Error('the store kept nothing of a write that changed something');
  return dispatch;
}
