import { commandPage } from './commandPage.js';

/** A page of docs that is made by a program, and where it belongs. */
export interface RenderedPage {
  readonly file: URL;
  readonly text: string;
}

/** Makes the pages that say what the programs say; the same on every computer. */
export async function renderPages(): Promise<RenderedPage[]> {
  return [{ file: new URL('../command.md', import.meta.url), text: commandPage() }];
}
