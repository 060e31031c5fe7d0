import type { Metadata } from 'nice-grpc-common';
import type { StreamMicrogridDispatchesResponse } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import {
  CHANGE_LOG_POSITION,
  decodeLogPosition,
  encodeLogPosition,
  type LogPosition,
  RESUMED,
  SERVER_TIME,
} from '../wire/logPosition.js';

/** What a service says of a stream in its headers; services other than that of this package say nothing. */
export interface StreamHeader {
  /** Position in the change log from which the stream has every change; for a resumed one, the last change that it makes up for. */
  readonly position?: string | undefined;
  /** Number of changes that a resumed stream makes up for before those that are new; absent: it is not resumed. */
  readonly backlog?: number | undefined;
  /** The time of the service when it opened the stream, milliseconds since the epoch. */
  readonly serverTimeMs?: number | undefined;
}

/** The positions of the changes of one stream: the log has no gaps, and a change carries the update time of its entry. */
export class StreamPositions {
  readonly #resumeAfter: LogPosition | null;
  /** The number of the last entry that came; null when the service has no log. */
  #seq: number | null = null;

  constructor(resumeAfter: string | undefined) {
    this.#resumeAfter = decodeLogPosition(resumeAfter);
  }

  /** Begins with the headers of the stream. */
  begin(header: Metadata): StreamHeader {
    const head = decodeLogPosition(header.get(CHANGE_LOG_POSITION));
    const from = header.get(RESUMED) === 'true' ? this.#resumeAfter : null;
    this.#seq = (from ?? head)?.seq ?? null;
    const serverTimeMs = Date.parse(header.get(SERVER_TIME) ?? '');
    return {
      position: head === null ? undefined : encodeLogPosition(head),
      backlog: head === null || from === null ? undefined : head.seq - from.seq,
      serverTimeMs: Number.isNaN(serverTimeMs) ? undefined : serverTimeMs,
    };
  }

  /** The position after the next change; undefined when it is unknown. */
  after({ dispatch }: StreamMicrogridDispatchesResponse): string | undefined {
    if (this.#seq === null) return undefined;
    this.#seq += 1;
    const { dispatchId, updateTime } = dispatch?.metadata ?? {};
    if (dispatchId === undefined || updateTime === undefined) return undefined;
    const atUs = Number(updateTime.seconds) * 1_000_000 + Math.floor(updateTime.nanos / 1_000);
    return encodeLogPosition({ seq: this.#seq, atUs, id: dispatchId });
  }
}
