import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/compiled.js';

const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(projectRoot, 'docs')).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'));
const textOf = (page: string) => readFileSync(join(projectRoot, page), 'utf8');
const withoutCode = (text: string) =>
  text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, code => code.replace(/[[\]()#]/g, ' '));

/** The anchors of a page, as GitHub makes them from headings. */
function anchorsOf(page: string): Set<string> {
  const counts = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of textOf(page)
    .replace(/^```.*?^```$/gms, '')
    .matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** The links of a page to something of this project. */
function linksOf(page: string): string[] {
  const links = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links.filter(target => !/^[a-z]+:/.test(target));
}

/** Why a link leads nowhere; null: it does not. */
function problemOf(page: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : relative(projectRoot, join(projectRoot, dirname(page), path));
  if (!existsSync(join(projectRoot, target))) return `${link}: there is no ${target}`;
  if (anchor === undefined || anchorsOf(target).has(anchor)) return null;
  return `${link}: ${target} has no heading with this anchor`;
}

describe('the links of the pages', () => {
  it.each(pages)('%s', page => {
    const problems = linksOf(page).flatMap(link => problemOf(page, link) ?? []);
    expect(problems).toEqual([]);
  });

  it('lead from the README to each page of docs, over at most one page', () => {
    const from = (page: string) =>
      linksOf(page).map(link => relative(projectRoot, join(projectRoot, dirname(page), link.split('#')[0] ?? '')));
    const direct = from('README.md').filter(page => pages.includes(page));
    const reached = new Set([...direct, ...direct.flatMap(from)]);
    expect(pages.filter(page => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
  });
});
