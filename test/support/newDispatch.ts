import type { NewDispatch } from '../../src/client/requests.js';
import { hourMs, minuteMs } from './dispatchRecord.js';

/** A dispatch to create: one run of a minute in an hour, but for what a test says. */
export function newDispatch(overrides: Partial<NewDispatch> = {}): NewDispatch {
  return {
    type: 'CHARGE',
    startTime: new Date(Date.now() + hourMs),
    durationMs: minuteMs,
    selector: { ids: [5] },
    ...overrides,
  };
}
