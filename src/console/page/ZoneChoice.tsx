import { useMemo } from 'preact/hooks';
import { Choice } from '../kit/Choice.js';

/** Properties of a {@link ZoneChoice}. */
export interface ZoneChoiceProps {
  /** IANA name of the zone that is shown. */
  readonly zone: string;
  readonly onChoose: (zone: string) => void;
}

/** The time zone that times are shown in: that of the computer, UTC, or any other that the browser knows. */
export function ZoneChoice({ zone, onChoose }: ZoneChoiceProps) {
  const options = useMemo(() => {
    const { timeZone: own } = Intl.DateTimeFormat().resolvedOptions();
    const zones = new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')]);
    return [...zones].map(name => [name, name] as const);
  }, []);
  return <Choice label="Zone" value={zone} options={options} onChoose={onChoose} />;
}
