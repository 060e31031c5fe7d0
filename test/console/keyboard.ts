import type { Page } from 'playwright-core';

/** More than any page of the console has. */
const maxSteps = 300;

/**
 * Moves the focus by the Tab key to what a label, a text or a name tells, as who has no mouse does.
 *
 * @throws Error when it is not reached.
 */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const isIt = (text: string) => (typeof name === 'string' ? text === name : name.test(text));
  for (let step = 0; step < maxSteps; step += 1) {
    if (isIt(await focusedName(page))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not lead to ${name}`);
}

/** Replaces what is in the focused field. */
export async function press(page: Page, text: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
}

/** What a screen reader would say first of the element that has the focus. */
function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLInputElement | null;
    const text = element?.getAttribute('aria-label') ?? element?.labels?.[0]?.textContent ?? element?.textContent ?? '';
    return text.trim();
  });
}
