import { type BarStyle, barStyles } from './layoutLane.js';

const groundNames = ['ground', 'grid', 'grid-strong', 'cursor', 'overlap', 'chosen', 'now', 'travel'] as const;

/** The colours of the timeline, as the style sheet has them. */
export interface Palette extends Readonly<Record<(typeof groundNames)[number], string>> {
  readonly fill: Readonly<Record<BarStyle, string>>;
  readonly edge: Readonly<Record<BarStyle, string>>;
  readonly text: Readonly<Record<BarStyle, string>>;
  /** Family of the font. */
  readonly font: string;
}

/** Reads the colours from the custom properties of an element. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const colors = (kind: string) => recordOf(barStyles, one => color(`${kind}-${one}`));
  return {
    ...recordOf(groundNames, color),
    fill: colors('bar'),
    edge: colors('edge'),
    text: colors('text'),
    font: style.fontFamily,
  };
}

function recordOf<Key extends string>(keys: readonly Key[], colorOf: (key: Key) => string): Record<Key, string> {
  return Object.fromEntries(keys.map(key => [key, colorOf(key)])) as Record<Key, string>;
}
