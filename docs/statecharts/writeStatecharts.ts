import { writeFileSync } from 'node:fs';
import { renderStatecharts } from './renderStatecharts.js';

for (const { file, svg } of await renderStatecharts()) writeFileSync(file, svg);
