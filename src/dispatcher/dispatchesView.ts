import type { DispatchRegistry, RegisteredDispatch } from '../../machines/pool/dispatchRegistry.js';
import type { Dispatch } from '../dispatch.js';

/** The present dispatches by id: a live view of the registry of a dispatcher. */
export class DispatchesView implements ReadonlyMap<number, Dispatch> {
  readonly #registry: () => DispatchRegistry | undefined;
  readonly #toDispatch: (registered: RegisteredDispatch) => Dispatch;

  constructor(registry: () => DispatchRegistry | undefined, toDispatch: (registered: RegisteredDispatch) => Dispatch) {
    this.#registry = registry;
    this.#toDispatch = toDispatch;
  }

  get size(): number {
    return this.#registry()?.size ?? 0;
  }

  has(id: number): boolean {
    return this.#registry()?.get(id) !== undefined;
  }

  get(id: number): Dispatch | undefined {
    const registered = this.#registry()?.get(id);
    return registered && this.#toDispatch(registered);
  }

  *keys(): MapIterator<number> {
    yield* this.#registry()?.ids() ?? [];
  }

  *values(): MapIterator<Dispatch> {
    for (const [, dispatch] of this.entries()) yield dispatch;
  }

  *entries(): MapIterator<[number, Dispatch]> {
    for (const id of this.keys()) {
      const dispatch = this.get(id);
      if (dispatch !== undefined) yield [id, dispatch];
    }
  }

  [Symbol.iterator](): MapIterator<[number, Dispatch]> {
    return this.entries();
  }

  forEach(callback: (dispatch: Dispatch, id: number, map: ReadonlyMap<number, Dispatch>) => void): void {
    for (const [id, dispatch] of this) callback(dispatch, id, this);
  }
}
