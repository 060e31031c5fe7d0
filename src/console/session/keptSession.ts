import type { SessionFacts } from './sessionPort.js';

/** What a tab keeps while it is open, also over a reload. */
export interface KeptSession {
  readonly authKey?: string;
  readonly signSecret?: string;
  /** What was known of the session when it was last opened. */
  readonly facts: SessionFacts;
}

const sessionKey = 'xstate-dispatch.console.session';
const openedKey = 'xstate-dispatch.console.opened';

/** Keeps the session of this tab: other tabs do not see it, and it ends with the tab. */
export function keepSession(session: KeptSession): void {
  sessionStorage.setItem(sessionKey, JSON.stringify(session));
}

/** Session that this tab has kept; null: none. */
export function keptSession(): KeptSession | null {
  const text = sessionStorage.getItem(sessionKey);
  return text === null ? null : (JSON.parse(text) as KeptSession);
}

/** Forgets the session, and what was open in it. */
export function forgetSession(): void {
  sessionStorage.removeItem(sessionKey);
  sessionStorage.removeItem(openedKey);
}

/** Keeps which microgrids are open, and which is shown, as the first one. */
export function keepOpened(microgridIds: readonly number[]): void {
  sessionStorage.setItem(openedKey, JSON.stringify(microgridIds));
}

/** Microgrids that were open, the shown one first; null: none was kept. */
export function keptOpened(): readonly number[] | null {
  const text = sessionStorage.getItem(openedKey);
  return text === null ? null : (JSON.parse(text) as number[]);
}
