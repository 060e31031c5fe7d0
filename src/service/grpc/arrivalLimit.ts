/** A call whose request may be late. */
export interface AwaitedCall {
  /** When its headers have arrived; on the monotonic clock. */
  readonly startMs: number;
  /** Its request did not arrive in time. */
  onLate(): void;
}

/** Calls whose requests are awaited. */
export interface ArrivalLimit {
  /** Awaits the request of a call whose headers have just arrived. */
  add(call: AwaitedCall): void;
  /** It has arrived, or the call has ended. */
  delete(call: AwaitedCall): void;
}

/** Creates a limit on the time within which requests must arrive. One timer serves all: each waits equally long. */
export function arrivalLimit(timeoutMs: number): ArrivalLimit {
  /** In the order in which they are due. */
  const awaited = new Set<AwaitedCall>();
  let timer: NodeJS.Timeout | undefined;

  function endLate(): void {
    timer = undefined;
    const latestMs = performance.now() - timeoutMs;
    for (const call of awaited) {
      if (call.startMs > latestMs) {
        timer = setTimeout(endLate, call.startMs - latestMs).unref();
        return;
      }
      awaited.delete(call);
      call.onLate();
    }
  }

  return {
    add(call) {
      awaited.add(call);
      if (!timer) timer = setTimeout(endLate, timeoutMs).unref();
    },
    delete: call => void awaited.delete(call),
  };
}
