import {
  CreateMicrogridDispatchResponse,
  DeleteMicrogridDispatchResponse,
  Dispatch,
  StreamMicrogridDispatchesRequest,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { dispatchFromProtobuf } from '../../../src/client/protobuf.js';
import type { ChangeKind, DispatchStore } from '../../../src/service/domain/dispatchStore.js';
import { wholeLog } from '../checkLogs.js';
import type { HttpAnswer } from './httpCaller.js';
import { poisonOf } from './poison.js';

const KINDS: { readonly [method: string]: ChangeKind } = {
  CreateMicrogridDispatch: 'created',
  UpdateMicrogridDispatch: 'updated',
  DeleteMicrogridDispatch: 'deleted',
};

/** What a service took of all that it was sent. */
export type AcceptedCalls = ReturnType<typeof acceptedCalls>;

/** Keeps what a service has acknowledged, to compare it with its change logs. */
export function acceptedCalls() {
  /** By kind and what the answer said. */
  const acknowledged = new Set<string>();
  const microgridIds = new Set<number>();
  const recentIds: bigint[] = [];
  let unanswered = 0;

  return {
    /** Ids of dispatches of microgrid 1 that were created last. */
    recentIds: recentIds as readonly bigint[],
    /** Takes down how a call of a method went, with a message that the service may have read in one of these ways. */
    note(method: string, messages: readonly Uint8Array[], { status, outcome, body }: HttpAnswer): void {
      for (const message of messages) {
        const microgridId = microgridOf(message);
        if (Number.isSafeInteger(microgridId)) microgridIds.add(Number(microgridId));
      }
      const kind = KINDS[method];
      if (!kind) return;
      if (status === null && !outcome.startsWith('HTTP')) unanswered += 1;
      if (status !== 0) return;
      // Behind the five bytes of its frame.
      const answer = body.subarray(5);
      if (kind === 'deleted') {
        const { microgridId, dispatchId } = DeleteMicrogridDispatchResponse.decode(answer);
        acknowledged.add(`deleted ${microgridId}/${dispatchId}`);
        return;
      }
      // An UpdateMicrogridDispatchResponse looks the same.
      const { dispatch } = CreateMicrogridDispatchResponse.decode(answer);
      if (!dispatch) throw new Error(`the answer to a ${method} holds no dispatch`);
      acknowledged.add(keyOf(dispatch));
      if (kind === 'created' && answersMicrogrid1(messages)) recentIds.push(dispatch.metadata?.dispatchId ?? 0n);
      if (recentIds.length > 200) recentIds.shift();
    },
    /**
     * The change logs must hold exactly what was acknowledged, and nothing that a client could not read.
     *
     * @returns the number of their entries.
     * @throws Error with what is wrong.
     */
    async check(store: DispatchStore): Promise<number> {
      const missing = new Set(acknowledged);
      let surplus = 0;
      let count = 0;
      for (const microgridId of microgridIds) {
        for (const { kind, id, message } of await wholeLog(store, microgridId)) {
          count += 1;
          const dispatch = Dispatch.decode(message);
          dispatchFromProtobuf(microgridId, dispatch);
          const poison = poisonOf(dispatch);
          if (poison.length > 0) throw new Error(`dispatch ${id} would end Python clients: ${poison.join(', ')}`);
          const key = kind === 'deleted' ? `deleted ${microgridId}/${id}` : keyOf(dispatch);
          if (!missing.delete(key)) surplus += 1;
        }
      }
      if (missing.size > 0) throw new Error(`acknowledged and not in a log: ${[...missing].slice(0, 5).join('; ')}`);
      if (surplus > unanswered) {
        throw new Error(`${surplus} changes were stored, but only ${unanswered} calls got no answer`);
      }
      return count;
    },
  };
}

/** A dispatch in all that it is, with its update time. */
function keyOf(dispatch: Dispatch): string {
  return Buffer.from(Dispatch.encode(dispatch).finish()).toString('base64');
}

function answersMicrogrid1(messages: readonly Uint8Array[]): boolean {
  return messages.every(message => microgridOf(message) === 1);
}

/** Every request has its microgrid where that of a stream has it, which has nothing else; null when it cannot be read. */
function microgridOf(message: Uint8Array): number | null {
  try {
    return Number(StreamMicrogridDispatchesRequest.decode(message).microgridId);
  } catch {
    // The service cannot read it either.
    return null;
  }
}
