import type { ComponentChildren } from 'preact';

/** Properties of {@link Scrolled}. */
export interface ScrolledProps {
  /** Name for screen readers. */
  readonly label: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A part of the page that scrolls by itself, and that the keyboard reaches therefore. */
export function Scrolled({ label, class: name = '', children }: ScrolledProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class={`scrolled ${name}`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
