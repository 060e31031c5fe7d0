import { useEffect, useState } from 'preact/hooks';

/** Minimum time between two renderings, in milliseconds. */
const intervalMs = 250;

/** Renders the component again when an actor has changed, though not at each change: it may change thousands of times a second. */
export function useThrottled(actor: { subscribe(observer: () => void): { unsubscribe(): void } } | undefined): void {
  const [, renderAgain] = useState({});
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const subscription = actor?.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        renderAgain({});
      }, intervalMs);
    });
    return () => {
      clearTimeout(timer);
      subscription?.unsubscribe();
    };
  }, [actor]);
}
