import { commandPage } from './commandPage.js';
import { openApi } from './openApi.js';
import { operatorsDay } from './operatorsDay.js';
import { terminalPicture } from './terminalPicture.js';

/** A page, a picture or a description of docs that is made by a program, and where it belongs. */
export interface RenderedPage {
  readonly file: URL;
  readonly text: string;
}

/** Makes the pages that say what the programs say; the same on every computer. */
export async function renderPages(): Promise<RenderedPage[]> {
  const { page, preview } = await operatorsDay();
  return [
    { file: new URL('../command.md', import.meta.url), text: commandPage() },
    { file: new URL('../openapi.json', import.meta.url), text: openApi() },
    { file: new URL('../operators-day.md', import.meta.url), text: page },
    { file: new URL('../terminal.svg', import.meta.url), text: terminalPicture(preview) },
  ];
}
