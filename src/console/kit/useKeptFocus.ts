import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/**
 * Gives the focus to something else when a rendering of a component takes away what had it in a part of the page: the keyboard would begin
 * anew at the top.
 *
 * @param focusOther is called when the focus was lost
 */
export function useKeptFocus(part: RefObject<HTMLElement | null>, focusOther: () => void): void {
  const hadFocus = part.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (hadFocus && hasNoFocus()) focusOther();
  });
}

/** Whether nothing of the page has the focus. */
export function hasNoFocus(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}
