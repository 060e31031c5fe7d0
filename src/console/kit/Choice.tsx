import { useId } from 'preact/hooks';

/** Properties of a {@link Choice}. */
export interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  /** What can be chosen: the values, and what a reader sees of each. */
  readonly options: readonly (readonly [value: Value, title: string])[];
  readonly onChoose: (value: Value) => void;
  /** @default false */
  readonly disabled?: boolean;
}

/** A list to choose one value from, with its label. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChoose,
  disabled = false,
}: ChoiceProps<Value>) {
  const id = useId();
  return (
    <span class="choice">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={event => onChoose(event.currentTarget.value as Value)}
      >
        {options.map(([option, title]) => (
          <option key={option} value={option} selected={option === value}>
            {title}
          </option>
        ))}
      </select>
    </span>
  );
}
