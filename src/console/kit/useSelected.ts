import { useEffect, useRef, useState } from 'preact/hooks';

/** What can be subscribed to: an actor. */
interface Subscribable<TSnapshot> {
  getSnapshot(): TSnapshot;
  subscribe(observer: (snapshot: TSnapshot) => void): { unsubscribe(): void };
}

/**
 * A value selected from the snapshots of an actor; the component is rendered again when it changes.
 *
 * @param equals Whether two values are the same. @default Object.is
 */
export function useSelected<TSnapshot, TValue>(
  actor: Subscribable<TSnapshot>,
  select: (snapshot: TSnapshot) => TValue,
  equals: (a: TValue, b: TValue) => boolean = Object.is,
): TValue {
  const [, renderAgain] = useState({});
  const value = select(actor.getSnapshot());
  const last = useRef({ value, select, equals });
  last.current = { value, select, equals };
  useEffect(() => {
    const look = () => {
      const { value: shown, select: now, equals: same } = last.current;
      if (!same(shown, now(actor.getSnapshot()))) renderAgain({});
    };
    // It may have changed between the rendering and now.
    look();
    const subscription = actor.subscribe(look);
    return () => subscription.unsubscribe();
  }, [actor]);
  return value;
}
