const FONT_PX = 13;
const LINE_PX = 19;
const CHARACTER_PX = 7.83;
const MARGIN_PX = 16;
const BAR_PX = 26;
/** Longer lines are broken, as a terminal does. */
const COLUMNS = 100;

/** Draws a terminal (SVG) with what a code block shows. */
export function terminalPicture(block: string): string {
  const lines = block
    .replace(/^```.*\n|```$/gm, '')
    .trimEnd()
    .split('\n')
    .flatMap(line => wrapped(line));
  const width = Math.ceil(COLUMNS * CHARACTER_PX + 2 * MARGIN_PX);
  const height = BAR_PX + lines.length * LINE_PX + 2 * MARGIN_PX;
  const texts = lines.map((line, index) => {
    const y = BAR_PX + MARGIN_PX + (index + 0.75) * LINE_PX;
    return `<text x="${MARGIN_PX}" y="${y}" fill="${colourOf(line)}" xml:space="preserve">${escaped(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="${FONT_PX}">`,
    `<title>${escaped(lines[0] ?? '')}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#1b1f24"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (fill, i) => `<circle cx="${18 + i * 18}" cy="16" r="5.5" fill="${fill}"/>`,
    ),
    ...texts,
    '</svg>',
    '',
  ].join('\n');
}

function wrapped(line: string): string[] {
  const rows: string[] = [];
  for (let rest = line; rest !== ''; ) {
    const space = rest.lastIndexOf(' ', COLUMNS);
    const end = rest.length <= COLUMNS ? rest.length : space > 0 ? space : COLUMNS;
    rows.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart() === '' ? '' : `    ${rest.slice(end).trimStart()}`;
  }
  return rows.length === 0 ? [''] : rows;
}

function colourOf(line: string): string {
  if (line.startsWith('$')) return '#8ddb8c';
  return line.startsWith('note:') ? '#e3b341' : '#d1d5da';
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
