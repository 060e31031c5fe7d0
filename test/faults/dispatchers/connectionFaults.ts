import type { Http2Gateway, HttpAnswer } from '../../support/http2Gateway.js';
import type { TcpProxy } from '../../support/tcpProxy.js';
import { pick } from '../random.js';

/** How long faults last, in milliseconds: from the shortest to the longest of a kind. */
export interface FaultTimes {
  /** Before each fault. A connection of 10 s is healthy to a dispatcher: it then begins anew to count its attempts. */
  readonly calmMs: readonly [least: number, most: number];
  /** For which connections are refused, swallowed or answered by something else. */
  readonly outageMs: readonly [least: number, most: number];
  /** For which something else answers that stays longer. */
  readonly longAnswerMs: readonly [least: number, most: number];
  readonly stallMs: number;
  /** By which everything is delayed, in each direction. */
  readonly delayMs: readonly [least: number, most: number];
  /** After which the dispatcher sends a ping, and then counts the connection as lost. */
  readonly keepAliveMs: number;
}

/** What is between a dispatcher and its service. */
export interface Between {
  /** Next to the dispatcher. */
  readonly proxy: TcpProxy;
  /** Next to the service. */
  readonly gateway: Http2Gateway;
}

/** A fault that happens to a connection. */
export interface ConnectionFault {
  readonly kind: string;
  /** What there is an aim for how soon dispatchers have the truth again. */
  readonly group: 'connection cut or refused' | 'something answers briefly' | 'other';
  /** How long it lasts; absent: it is over when it has begun. */
  readonly durationMs?: readonly [least: number, most: number];
  /** Begins it; resolves once it has happened. */
  begin(between: Between, random: () => number): Promise<void> | void;
  /** The other side is back. */
  end?(between: Between): Promise<void> | void;
  /** Whether it begins with the next change only. */
  readonly needsChange?: boolean;
}

const html = (title: string) => `<!doctype html><title>${title}</title>`.padEnd(2_000);

const answers: Readonly<Record<string, HttpAnswer>> = {
  'HTTP 404': { status: 404, contentType: 'text/plain; charset=utf-8', content: '404 page not found' },
  'HTTP 502': { status: 502, contentType: 'text/html', content: html('Bad gateway') },
  'login page': { status: 200, contentType: 'text/html', content: html('Sign in') },
};

const cut = 'connection cut or refused';

/** All faults that happen to the connection of a dispatcher. */
export function connectionFaults(times: FaultTimes): readonly ConnectionFault[] {
  const answered = Object.entries(answers).map(
    ([kind, answer]): ConnectionFault => answeredBy(kind, answer, times.outageMs),
  );
  return [
    { kind: 'reset', group: cut, begin: ({ proxy }) => proxy.end('reset') },
    { kind: 'clean end', group: cut, begin: ({ proxy }) => proxy.end('clean') },
    {
      kind: 'GOAWAY',
      group: cut,
      begin: ({ gateway }, random) => gateway.goAway(pick(['graceful', 'refusing', 'error'], random)),
    },
    {
      kind: 'half a message',
      group: cut,
      needsChange: true,
      begin: ({ gateway }, random) => gateway.halveMessage(pick(['connection', 'stream'], random)),
    },
    {
      kind: 'refused',
      group: cut,
      durationMs: times.outageMs,
      begin: ({ proxy }) => proxy.refuse(),
      end: ({ proxy }) => proxy.accept(),
    },
    {
      kind: 'swallowed',
      group: 'other',
      durationMs: times.outageMs,
      begin: ({ proxy }) => proxy.freeze(),
      end: ({ proxy }) => proxy.thaw(),
    },
    {
      kind: 'stalled',
      group: 'other',
      durationMs: [times.stallMs, times.stallMs],
      begin: ({ proxy }) => proxy.delay(Number.POSITIVE_INFINITY),
      end: ({ proxy }) => proxy.delay(0),
    },
    {
      kind: 'delayed',
      group: 'other',
      durationMs: times.outageMs,
      begin: ({ proxy }, random) => proxy.delay(within(times.delayMs, random)),
      end: ({ proxy }) => proxy.delay(0),
    },
    ...answered,
    { ...answeredBy('HTTP 502 for long', answers['HTTP 502'] as HttpAnswer, times.longAnswerMs), group: 'other' },
  ];
}

/** A number from a range. */
export function within([least, most]: readonly [number, number], random: () => number): number {
  return least + random() * (most - least);
}

function answeredBy(kind: string, answer: HttpAnswer, durationMs: readonly [number, number]): ConnectionFault {
  return {
    kind,
    group: 'something answers briefly',
    durationMs,
    begin: ({ gateway }) => gateway.answer(answer),
    end: ({ gateway }) => gateway.answer(null),
  };
}
