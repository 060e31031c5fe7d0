import type { ComponentChildren } from 'preact';

/** Properties of a {@link Button}. */
export interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onPress: () => void;
  readonly id?: string;
  /** Name for screen readers and tool tip, where the content is a sign. */
  readonly name?: string;
  /** Whether it is on, for a button that switches something. */
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  /** Whether it does nothing for the moment; it keeps the focus, which a disabled button loses. */
  readonly busy?: boolean;
  readonly kind?: 'plain' | 'primary' | 'danger';
  /** Key that presses it, as `aria-keyshortcuts` has it. */
  readonly shortcut?: string;
}

/** A button. */
export function Button({
  children,
  onPress,
  id,
  name,
  pressed,
  disabled,
  busy = false,
  kind = 'plain',
  shortcut,
}: ButtonProps) {
  return (
    <button
      type="button"
      id={id}
      class={`button ${kind}`}
      aria-label={name}
      title={shortcut === undefined ? name : `${name ?? ''} (${shortcut})`}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      disabled={disabled}
      aria-disabled={busy || undefined}
      onClick={() => {
        if (!busy) onPress();
      }}
    >
      {children}
    </button>
  );
}
