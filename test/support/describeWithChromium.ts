import { existsSync } from 'node:fs';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { describeWith } from './describeWith.js';

/** Where Debian installs it, unless the environment variable CHROMIUM names another. */
const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts a Chromium without a window. */
export function startChromium(options: LaunchOptions = {}): Promise<Browser> {
  return chromium.launch({
    ...options,
    executablePath: chromiumPath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
}

/**
 * A `describe` of tests in a real browser, which all of them share.
 *
 * @param options how it is launched. @default as Playwright does
 */
export function describeWithChromium(
  name: string,
  tests: (browser: () => Browser) => void,
  options: LaunchOptions = {},
): void {
  const missing = existsSync(chromiumPath) ? null : `there is no ${chromiumPath}`;
  describeWith(missing, name, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      browser = await startChromium(options);
    });
    afterAll(() => browser?.close());
    tests(() => {
      if (browser === undefined) throw new Error('the browser is not started');
      return browser;
    });
  });
}
