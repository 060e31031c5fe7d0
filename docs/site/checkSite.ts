import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Finds the links of a static site that lead nowhere: to a file that is missing, or to an anchor that its page does not have. */
export function brokenLinks(folder: string): string[] {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.html'));
  const anchors = new Map(pages.map(page => [page, anchorsOf(readFileSync(join(folder, page), 'utf8'))]));
  return pages.flatMap(page =>
    linksOf(readFileSync(join(folder, page), 'utf8')).flatMap(link => {
      const problem = problemOf(folder, page, link, anchors);
      return problem === null ? [] : [`${page}: ${link}: ${problem}`];
    }),
  );
}

function anchorsOf(html: string): Set<string> {
  return new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id = '']) => id));
}

/** The links to something of the site. */
function linksOf(html: string): string[] {
  const links = [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link = '']) => link.replaceAll('&amp;', '&'));
  return links.filter(link => !/^[a-z]+:|^\/\//i.test(link));
}

function problemOf(
  folder: string,
  page: string,
  link: string,
  anchors: ReadonlyMap<string, Set<string>>,
): string | null {
  const [path = '', anchor = ''] = link.split('#');
  const target = path === '' ? page : relative(folder, join(folder, dirname(page), decodeURIComponent(path)));
  if (!existsSync(join(folder, target)) || statSync(join(folder, target)).isDirectory()) return 'there is no such file';
  const known = anchors.get(target);
  return anchor === '' || known === undefined || known.has(decodeURIComponent(anchor))
    ? null
    : 'there is no such anchor';
}
