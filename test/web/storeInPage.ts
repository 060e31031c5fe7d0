import type { Page } from 'playwright-core';
import type { DispatcherStore, StoreChange } from '../../machines/protocol/dispatcherStore.js';
import { DispatchError, type DispatchErrorJson } from '../../src/model/dispatchError.js';
import type { DispatcherStorePlace } from '../support/testDispatcherStore.js';
import type { PageProgram } from './page/program.js';

/** The program of the page, whose methods are called there. */
declare const program: PageProgram;

let count = 0;

/** A place for stores in the IndexedDB of a page. */
export function placeInPage(page: Page): DispatcherStorePlace {
  count += 1;
  const name = `dispatches-${count}`;
  return {
    name,
    store: () => storeInPage(page, name),
    spoil: texts => page.evaluate(([name, texts]) => program.store.spoil(name, texts), [name, texts] as const),
    async [Symbol.asyncDispose]() {},
  };
}

/** A store in a page, as it is used from here. */
function storeInPage(page: Page, name: string): DispatcherStore {
  count += 1;
  const key = `store ${count}`;
  return {
    open: async ({ microgridId }) =>
      resultOf(
        await page.evaluate(([key, name, id]) => program.store.open(key, name, id), [key, name, microgridId] as const),
      ),
    async *load({ microgridId }) {
      const outcome = await page.evaluate(([key, name, id]) => program.store.load(key, name, id), [
        key,
        name,
        microgridId,
      ] as const);
      for (const { dispatches, problems } of resultOf(outcome)) {
        yield { dispatches: dispatches as never, problems: problems.map(errorOf) };
      }
    },
    async save({ changes, ...save }) {
      const slices: (readonly StoreChange[])[] = [];
      let failure: string | null = null;
      try {
        for await (const slice of changes) slices.push(slice);
      } catch (error) {
        failure = String((error as Error).message);
      }
      const outcome = await page.evaluate(
        ([key, name, save, failure]) => program.store.save(key, name, JSON.parse(save), failure),
        [key, name, JSON.stringify({ ...save, slices }), failure] as const,
      );
      resultOf(outcome);
    },
    close: async ({ microgridId }) =>
      resultOf(await page.evaluate(([key, id]) => program.store.close(key, id), [key, microgridId] as const)),
  };
}

function resultOf<T>(outcome: { readonly result: T } | { readonly error: DispatchErrorJson }): T {
  if ('error' in outcome) throw errorOf(outcome.error);
  return outcome.result;
}

function errorOf(error: unknown): DispatchError {
  const { code, message, ...details } = error as DispatchErrorJson;
  return new DispatchError(code, message, details);
}
