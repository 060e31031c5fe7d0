import { spanText } from '../../planning/timeText.js';
import { useSelected } from '../kit/useSelected.js';
import { shownMicrogrid } from '../machine/consoleContext.js';
import type { ConsoleProps } from '../page/Console.js';

/** Minimum distance of two clocks that is told, in milliseconds: as of the problem that a dispatcher tells. */
const minToldMs = 2_000;

/** Says how far the clock of the service is from that of this computer, when it is too far: runs are shown by this one. */
export function ClockNotice({ actor }: Pick<ConsoleProps, 'actor'>) {
  const offsetMs = useSelected(actor, ({ context }) => shownMicrogrid(context)?.sync?.clockOffsetMs ?? null);
  if (offsetMs === null || Math.abs(offsetMs) <= minToldMs) return null;
  const seconds = Math.round(Math.abs(offsetMs) / 1_000) * 1_000;
  return (
    <strong class="clock-notice" role="status">
      The clock of the service is {spanText(seconds)} {offsetMs < 0 ? 'behind' : 'ahead of'} that of this computer.
    </strong>
  );
}
