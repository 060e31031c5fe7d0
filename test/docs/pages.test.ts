import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { renderPages } from '../../docs/pages/renderPages.js';

const rendered = await renderPages();

it.each(rendered.map(page => ({ name: basename(page.file.pathname), ...page })))(
  '$name says what the programs say; else npm run pages makes it anew',
  ({ file, text }) => {
    expect(readFileSync(file, 'utf8')).toBe(text);
  },
);
