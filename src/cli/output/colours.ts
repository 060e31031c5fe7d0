import { createColors } from 'picocolors';

/** Colours and other marks of text in a terminal; without effect where the running command prints without. */
export let pc = createColors(false);

/**
 * Prints in colours from now on, or not: where stdout is a terminal that has them, unless NO_COLOR is set; elsewhere only with FORCE_COLOR.
 *
 * @param wanted False with `--no-color`.
 * @returns how to print as before: commands of a shell share the process.
 */
export function printInColours(wanted: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): () => void {
  const before = pc;
  const isForced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const hasColours = process.stdout.isTTY === true && TERM !== 'dumb';
  pc = createColors(wanted && !NO_COLOR && (isForced || hasColours));
  return () => {
    pc = before;
  };
}
