import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/**
 * The serious and critical findings of axe about a page, each in a line.
 *
 * @param part selector of the part that is looked at; @default all of it
 */
export async function seriousFindings(page: Page, part = 'html'): Promise<string[]> {
  // The policy of the page refuses scripts in it: this one is evaluated by the browser.
  await page.evaluate(axe.source);
  const findings = (await page.evaluate(
    `axe.run(${JSON.stringify(part)}).then(({ violations }) => violations)`,
  )) as readonly Finding[];
  return findings
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}
