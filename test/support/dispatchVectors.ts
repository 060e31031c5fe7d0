import type { JsonValue } from '@bufbuild/protobuf';

import { Dispatch as DispatchMessage } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { decodeDispatch } from '../../src/wire/dispatchCodec.js';
import { contractMessage } from './generatedMessages.js';
import { readVectors } from './vectors.js';

/** A question about a dispatch at an instant, with the answer of the Python client: an error's text where it raised one. */
export type ScheduleQuestion = {
  readonly record: DispatchRecord;
  /** The rule's interval as it was on the wire, where 0 is possible. */
  readonly wireInterval: number | undefined;
  readonly atMs: number;
} & (
  | { readonly asks: 'running'; readonly python: boolean | string }
  /** Asked only where it runs: Python's answer is a plan otherwise. */
  | { readonly asks: 'until'; readonly python: number | null | string }
  | { readonly asks: 'nextRun'; readonly python: number | null | string }
  /** The first five. */
  | { readonly asks: 'missedRuns'; readonly sinceMs: number; readonly python: readonly number[] | string }
);

type PythonError = { readonly error: string; readonly text: string };

interface VectorLine {
  readonly dispatch: { readonly data: { readonly recurrence?: { readonly interval?: number } } };
  readonly at: readonly {
    readonly now: string;
    readonly started: boolean | PythonError;
    readonly until: string | null | PythonError;
    readonly next_run: string | null | PythonError;
  }[];
  readonly missed?: {
    readonly since: string;
    readonly now: string;
    readonly distinct: readonly string[] | PythonError;
  };
}

/** The questions of `test/vectors/dispatch.jsonl.gz`. */
export function readScheduleQuestions(): ScheduleQuestion[] {
  const message = contractMessage('frequenz.api.dispatch.v1.Dispatch');
  return readVectors<VectorLine>('dispatch.jsonl.gz').flatMap(({ dispatch, at, missed }) => {
    const bytes = message.encode(dispatch as unknown as JsonValue);
    const record = decodeDispatch(DispatchMessage.decode(bytes), 1);
    const { recurrence } = dispatch.data;
    const of = { record, wireInterval: recurrence && (recurrence.interval ?? 0) };
    const questions = at.flatMap(({ now, started, until, next_run }): ScheduleQuestion[] => {
      const atMs = Date.parse(now);
      return [
        { ...of, atMs, asks: 'running', python: answer(started, value => value) },
        ...(started === true ? [{ ...of, atMs, asks: 'until' as const, python: answer(until, toMs) }] : []),
        { ...of, atMs, asks: 'nextRun', python: answer(next_run, toMs) },
      ];
    });
    if (missed === undefined) return questions;
    const [atMs, sinceMs] = [Date.parse(missed.now), Date.parse(missed.since)];
    const python = answer(missed.distinct, texts => texts.map(text => Date.parse(text)));
    return [...questions, { ...of, atMs, asks: 'missedRuns', sinceMs, python }];
  });
}

function answer<T extends string | boolean | object | null, Out>(value: T | PythonError, read: (value: T) => Out) {
  return isError(value) ? `${value.error}: ${value.text}` : read(value);
}

function isError(value: string | boolean | object | null): value is PythonError {
  return typeof value === 'object' && value !== null && 'error' in value;
}

function toMs(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
