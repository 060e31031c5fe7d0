/** A gate that calls pass and that a test can close. */
export interface Gate {
  readonly isHeld: boolean;
  /** Closes the gate; returns the function that releases it. It opens when all holds are released. */
  hold(): () => void;
  /** Resolves when the gate is open; rejects with the reason of the signal when that aborts first. */
  pass(signal: AbortSignal): Promise<void>;
}

/** Creates an open gate. */
export function gate(): Gate {
  const holds = new Set<symbol>();
  const waiting = new Set<() => void>();
  return {
    get isHeld() {
      return holds.size > 0;
    },
    hold: () => {
      const own = Symbol('hold');
      holds.add(own);
      return () => {
        holds.delete(own);
        if (holds.size > 0) return;
        for (const goOn of waiting) goOn();
        waiting.clear();
      };
    },
    pass: async signal => {
      signal.throwIfAborted();
      if (holds.size === 0) return;
      await new Promise<void>((resolve, reject) => {
        const goOn = () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        };
        const giveUp = () => {
          waiting.delete(goOn);
          reject(signal.reason);
        };
        waiting.add(goOn);
        signal.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
