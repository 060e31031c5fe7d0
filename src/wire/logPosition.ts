/** Header of a stream: the position in the change log from which it has every change, or up to which it was resumed. */
export const CHANGE_LOG_POSITION = 'change-log-position';

/** Metadata of a request for a stream: the position after which it is to go on. */
export const RESUME_AFTER = 'resume-after';

/** Header of a stream that goes on after the position that was asked for: `true`. */
export const RESUMED = 'resumed';

/** Header of a stream: the time of the service when it was opened, RFC 3339. */
export const SERVER_TIME = 'server-time';

/** A position in the change log of a microgrid: after one entry. */
export interface LogPosition {
  /** The number of the entry: 1, 2, 3, … without gaps; 0 in an empty log. */
  readonly seq: number;
  /** The update time of the entry, in microseconds since the epoch. */
  readonly atUs: number;
  /** The dispatch that it is about. */
  readonly id: number | bigint;
}

/** The position in an empty log, and before the first entry of any log. */
export const LOG_START = { seq: 0, atUs: 0, id: 0 } as const satisfies LogPosition;

const POSITION = /^([1-9]\d{0,15}):(\d{1,16}):(\d{1,20})$/;

/** `SEQ:UPDATE_TIME_US:DISPATCH_ID`, or `0`. */
export function encodeLogPosition({ seq, atUs, id }: LogPosition): string {
  return seq === 0 ? '0' : `${seq}:${atUs}:${id}`;
}

/** Null when it is no position. */
export function decodeLogPosition(text: string | undefined): LogPosition | null {
  if (text === '0') return LOG_START;
  const [, seq, atUs, id] = POSITION.exec(text ?? '') ?? [];
  return id === undefined ? null : { seq: Number(seq), atUs: Number(atUs), id: BigInt(id) };
}
