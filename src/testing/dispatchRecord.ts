import type { DispatchRecord } from '../model/dispatchRecord.js';

/**
 * Creates a valid dispatch record from the fields that matter to a test. Defaults: id 1 of microgrid 1, type `TEST`, no end, component 1,
 * active, no dry run, an empty payload, no recurrence, created and updated on 2026-01-01.
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
