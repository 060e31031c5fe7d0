import { useLayoutEffect } from 'preact/hooks';
import type { ViewState } from '../view/viewState.js';

/** Gives the page a theme; that of the system changes with it. */
export function useTheme(theme: ViewState['theme']): void {
  // Before anything is painted in other colours.
  useLayoutEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const apply = () => {
      const shown = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
      document.documentElement.dataset.theme = shown;
    };
    apply();
    dark.addEventListener('change', apply);
    return () => dark.removeEventListener('change', apply);
  }, [theme]);
}
