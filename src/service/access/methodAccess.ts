const CHANGES = new Set(['CreateMicrogridDispatch', 'UpdateMicrogridDispatch', 'DeleteMicrogridDispatch']);

/** What a key may do: read lists, dispatches and streams, or change dispatches as well. */
export type KeyAccess = 'read' | 'write';

/** The method of a path, such as `CreateMicrogridDispatch`. */
export function methodOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** What a key needs to call a method, given without its service. */
export function neededAccess(method: string): KeyAccess {
  return CHANGES.has(method) ? 'write' : 'read';
}
