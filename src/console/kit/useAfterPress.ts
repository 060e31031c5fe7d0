import { useEffect, useRef } from 'preact/hooks';

/** Gives what does something after the press that goes on, and its click: a part that moved meanwhile would miss the click. */
export function useAfterPress(): (action: () => void) => void {
  const waiting = useRef<(() => void)[] | null>(null);
  useEffect(() => {
    const ended = new AbortController();
    const options = { capture: true, signal: ended.signal };
    const onEnd = () => {
      for (const action of waiting.current ?? []) setTimeout(action);
      waiting.current = null;
    };
    addEventListener('pointerdown', () => (waiting.current ??= []), options);
    for (const end of ['pointerup', 'pointercancel']) addEventListener(end, onEnd, options);
    return () => ended.abort();
  }, []);
  return action => {
    if (waiting.current === null) setTimeout(action);
    else waiting.current.push(action);
  };
}
