import type { DispatchRecord } from '../model/dispatchRecord.js';

/**
 * A valid dispatch record from what matters to a test. What is left out: id 1 of microgrid 1, type `TEST`, no end, component 1,
 * active, no dry run, an empty payload, no recurrence, created and changed in 2026.
 */
export function dispatchRecord(fields: Partial<DispatchRecord> & Pick<DispatchRecord, 'startTimeMs'>): DispatchRecord {
  return {
    id: 1,
    microgridId: 1,
    type: 'TEST',
    durationMs: null,
    selector: { ids: [1] },
    active: true,
    dryRun: false,
    payload: {},
    recurrence: null,
    createTime: '2026-01-01T00:00:00.000000000Z',
    updateTime: '2026-01-01T00:00:00.000000000Z',
    endTimeMs: null,
    ...fields,
  };
}
