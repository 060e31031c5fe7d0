/** Interval between two lines of progress, in milliseconds; nothing is shown of what takes less. */
const INTERVAL_MS = 1_000;

/** Shows on stderr how far something is that takes a while. */
export interface Progress extends Disposable {
  /** @param text Returns how far it is, when it is shown. */
  show(text: () => string): void;
  /** Takes the line away, so that others can be printed. */
  clear(): void;
}

/** A {@link Progress} in one line of the terminal, which goes away at the end. Where stderr is no terminal, nothing is shown. */
export function progress(): Progress {
  const { stderr } = process;
  let shownMs = performance.now();
  let isShown = false;
  const clear = () => {
    if (isShown) stderr.write('\r\u001b[K');
    isShown = false;
  };
  return {
    show(text) {
      if (!stderr.isTTY || performance.now() - shownMs < INTERVAL_MS) return;
      shownMs = performance.now();
      isShown = true;
      stderr.write(`\r\u001b[K${text().slice(0, stderr.columns - 1)}`);
    },
    clear,
    [Symbol.dispose]: clear,
  };
}
