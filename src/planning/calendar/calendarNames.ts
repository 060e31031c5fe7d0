/** Properties of events that hold what iCalendar has no property for. */
export const X_DISPATCH = {
  /** Target, as `create` takes it, or as JSON. */
  target: 'x-dispatch-target',
  /** Payload as JSON. @default {} */
  payload: 'x-dispatch-payload',
  /** `TRUE`: a dry run. */
  dryRun: 'x-dispatch-dry-run',
  /** `TRUE`: the run has no end; without it, an event without DURATION and DTEND ends at its start (RFC 5545 section 3.6.1). */
  noEnd: 'x-dispatch-no-end',
} as const;

/** The status of an event whose dispatch is inactive (RFC 5545 section 3.8.1.11). */
export const INACTIVE = 'CANCELLED';
