import { expect } from 'vitest';
import type { DispatchClient } from '../../../src/client/dispatchClient.js';
import type { PythonClient } from '../pythonClient.js';
import { fromNow } from '../pythonDispatch.js';

/** What the cases of a Python client share: one service, one Python process. */
export interface ClientTest {
  readonly python: PythonClient;
  readonly ours: DispatchClient;
  readonly address: string;
}

/** A start time an hour from now, in protobuf's text format. */
export function startText(seconds = Date.parse(fromNow(3_600_000)) / 1000): string {
  return `start_time { seconds: ${seconds} }`;
}

/** An error with a code, whose message names a field. */
export function refusal(code: string, field: string) {
  const path = field.replaceAll(/[[\].]/g, '\\$&');
  return { code, message: expect.stringMatching(new RegExp(`(^|; )${path}(:|\\[|\\.| )`)) };
}
