import { writeFileSync } from 'node:fs';
import { renderPages } from './renderPages.js';

for (const { file, text } of await renderPages()) writeFileSync(file, text);
