import { BehaviorSubject } from 'rxjs';

export type Theme = 'light' | 'dark' | 'system';

const KEY = 'playground.theme';
const themes: readonly Theme[] = ['system', 'light', 'dark'];

/** How the page looks; kept for the next visit, where the browser keeps anything. */
export const theme$ = new BehaviorSubject<Theme>(stored());

theme$.subscribe((theme) => {
  document.documentElement.style.colorScheme = theme === 'system' ? 'light dark' : theme;
  document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing shows it all the same.
  }
});

export function nextTheme(): void {
  theme$.next(themes[(themes.indexOf(theme$.value) + 1) % themes.length]!);
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return themes.find((theme) => theme === value) ?? 'system';
  } catch {
    return 'system';
  }
}
