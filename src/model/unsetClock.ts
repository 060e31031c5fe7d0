/** The beginning of 2025: nothing that this package knows happened before. */
const earliestMs = 1_735_689_600_000;

/** Whether a clock that shows this time was never set, such as that of a computer without a battery before it has asked the network. */
export function isUnset(nowMs: number): boolean {
  return nowMs < earliestMs;
}
