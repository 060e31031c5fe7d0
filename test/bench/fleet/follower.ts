import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { Metadata } from 'nice-grpc-common';
import {
  ListMicrogridDispatchesRequest,
  StreamMicrogridDispatchesRequest,
  StreamMicrogridDispatchesResponse,
} from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { StreamPositions } from '../../../src/client/streamPositions.js';
import { decodeLogPosition, RESUME_AFTER } from '../../../src/wire/logPosition.js';
import type { BareConnection } from './http2Grpc.js';

const DAY_S = 86_400;
/** As dispatchers do: the first attempts come at once, then at a random time within a limit that doubles. */
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 30_000;
const MAX_EARLY_RETRY_MS = 2_000;
const BRIEFLY_AWAY_MS = 3_000;
/** The largest pages that services allow. */
const PAGE_SIZE = 1_000;

/** Where a follower connects to, and how. */
export interface Route {
  port: number;
  /** Whether it asks to go on after its last position, as dispatchers do. */
  resumes: boolean;
}

/** What a follower got without a gap: everything after a position. */
export interface FollowedPart {
  readonly from: string;
  /** The positions of the changes, in the order in which they came. */
  readonly changes: string[];
  /** The list that made up for what was before it; null at the very first. */
  list: Buffer | null;
}

/** What happens to a follower. */
export interface FollowerListener {
  live(how: 'opened' | 'resumed' | 'listed'): void;
  lost(status: number, wasLive: boolean): void;
  /** A live follower got a change of this time, microseconds since the epoch. */
  changed(atUs: number): void;
}

/** Follows one microgrid as a dispatcher does, whatever happens to its stream: it resumes the stream, or lists after it was opened. */
export class Follower {
  readonly microgridId: number;
  readonly parts: FollowedPart[] = [];
  readonly #connection: BareConnection;
  readonly #route: Route;
  readonly #listener: FollowerListener;
  /** The part that its stream brings; it counts from when the follower is live. */
  #part: FollowedPart | undefined;
  /** Changes that a resumed stream has yet to bring before it is live; null: it is not live for another reason. */
  #missing: number | null = null;
  #isLive = false;
  #losses = 0;
  #firstLossMs = 0;

  constructor(microgridId: number, connection: BareConnection, route: Route, listener: FollowerListener) {
    this.microgridId = microgridId;
    this.#connection = connection;
    this.#route = route;
    this.#listener = listener;
  }

  /** The number of the last entry of the change log that came. */
  get seq(): number {
    return decodeLogPosition(this.#position())?.seq ?? 0;
  }

  /** Opens its stream; from then on it is opened again whenever it is lost. */
  open(): void {
    const resumeAfter = this.#route.resumes ? this.#position() : undefined;
    const positions = new StreamPositions(resumeAfter);
    const stream = this.#connection.call(this.#route.port, {
      method: 'StreamMicrogridDispatches',
      microgridId: this.microgridId,
      request: StreamMicrogridDispatchesRequest.encode({ microgridId: BigInt(this.microgridId) }).finish(),
      ...(resumeAfter !== undefined && { metadata: { [RESUME_AFTER]: resumeAfter } }),
      headersCame: headers => this.#opened(positions, headers, stream),
      messageCame: message => this.#received(positions, message),
      ended: status => this.#lost(status),
    });
  }

  /** The last position that it holds the changes of. */
  #position(): string | undefined {
    const last = this.parts.at(-1);
    return last?.changes.at(-1) ?? last?.from;
  }

  #opened(positions: StreamPositions, headers: IncomingHttpHeaders, stream: ClientHttp2Stream): void {
    const { position, backlog } = positions.begin(asMetadata(headers));
    // A refusal has no position.
    if (position === undefined) return;
    if (backlog !== undefined) {
      this.#missing = backlog;
      if (backlog === 0) this.#live('resumed');
      return;
    }
    const part: FollowedPart = { from: position, changes: [], list: null };
    this.#part = part;
    if (this.parts.length === 0) this.#live('opened');
    else this.#list(part, stream);
  }

  #list(part: FollowedPart, stream: ClientHttp2Stream): void {
    const startTime = { seconds: BigInt(Math.floor(Date.now() / 1_000) - DAY_S), nanos: 0 };
    this.#connection.call(this.#route.port, {
      method: 'ListMicrogridDispatches',
      microgridId: this.microgridId,
      request: ListMicrogridDispatchesRequest.encode(
        ListMicrogridDispatchesRequest.fromPartial({
          microgridId: BigInt(this.microgridId),
          filter: { endTimeInterval: { startTime } },
          paginationParams: { params: { $case: 'pageSize', value: PAGE_SIZE } },
        }),
      ).finish(),
      messageCame: message => {
        // Decoded later: now it would take time from what is measured.
        part.list = Buffer.from(message);
      },
      ended: status => {
        if (status === 0 && this.#part === part) this.#live('listed');
        else stream.destroy();
      },
    });
  }

  #received(positions: StreamPositions, message: Buffer): void {
    const position = positions.after(StreamMicrogridDispatchesResponse.decode(message));
    if (position === undefined) throw new Error(`microgrid ${this.microgridId} sent a change without a position`);
    this.#part?.changes.push(position);
    if (this.#isLive) this.#listener.changed(decodeLogPosition(position)?.atUs ?? 0);
    if (this.#missing === null) return;
    this.#missing -= 1;
    if (this.#missing === 0) this.#live('resumed');
  }

  #live(how: 'opened' | 'resumed' | 'listed'): void {
    this.#missing = null;
    this.#isLive = true;
    this.#losses = 0;
    if (this.#part && this.#part !== this.parts.at(-1)) this.parts.push(this.#part);
    this.#listener.live(how);
  }

  #lost(status: number): void {
    const wasLive = this.#isLive;
    if (this.#losses === 0) this.#firstLossMs = performance.now();
    this.#missing = null;
    this.#isLive = false;
    this.#losses += 1;
    // What came before a list that did not come is forgotten.
    this.#part = this.parts.at(-1);
    this.#listener.lost(status, wasLive);
    setTimeout(() => this.open(), this.#retryDelayMs());
  }

  #retryDelayMs(): number {
    if (this.#losses <= 2) return 0;
    const isEarly = performance.now() - this.#firstLossMs < BRIEFLY_AWAY_MS;
    const limitMs = Math.min(isEarly ? MAX_EARLY_RETRY_MS : MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#losses - 3));
    return Math.random() * limitMs;
  }
}

function asMetadata(headers: IncomingHttpHeaders): Metadata {
  return Metadata(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && !name.startsWith(':') ? [[name, value]] : [],
    ),
  );
}
