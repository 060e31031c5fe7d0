import { printable } from '../../planning/text/printable.js';

/** A person wonders after so long without a sign. */
const SILENCE_MS = 1_000;
const REPEAT_MS = 200;
const CLEAR_LINE = '\r\u001B[2K';

interface Progress {
  text: () => string;
  /** When something was printed, and when the line was shown last, by the monotonic clock. */
  printedMs: number;
  shownMs: number;
  isShown: boolean;
}

let running: Progress | null = null;

/**
 * Shows what a command does, in a line on stderr that goes again, when it prints nothing in the terminal for longer than a second. Where stderr is no
 * terminal it shows nothing. What is started within takes its place until it is disposed of.
 *
 * @param text such as `waiting for grpc://localhost:50051`
 */
export function startProgress(text: string): Disposable {
  if (!process.stderr.isTTY) return { [Symbol.dispose]: () => {} };
  hideProgress();
  const before = running;
  const nowMs = performance.now();
  const progress: Progress = { text: () => text, printedMs: nowMs, shownMs: nowMs, isShown: false };
  running = progress;
  const timer = setInterval(() => running === progress && show(progress), REPEAT_MS);
  timer.unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      hideProgress();
      running = before;
    },
  };
}

/** Replaces the text of the present progress, where there is one. It is shown also while the caller lets no timer fire. */
export function tellProgress(text: () => string): void {
  if (running === null) return;
  running.text = text;
  show(running);
}

/** Ends the present progress, as of a command that from now on waits for what others do. */
export function endProgress(): void {
  hideProgress();
  running = null;
}

/** Removes the line, because something else is printed in the terminal. */
export function hideProgress(): void {
  if (running === null) return;
  running.printedMs = performance.now();
  if (running.isShown) process.stderr.write(CLEAR_LINE);
  running.isShown = false;
}

function show(progress: Progress): void {
  const nowMs = performance.now();
  if (nowMs - progress.printedMs < SILENCE_MS || nowMs - progress.shownMs < REPEAT_MS) return;
  progress.shownMs = nowMs;
  progress.isShown = true;
  const { columns = 80 } = process.stderr;
  process.stderr.write(`${CLEAR_LINE}${printable(progress.text()).slice(0, columns - 2)}…`);
}
