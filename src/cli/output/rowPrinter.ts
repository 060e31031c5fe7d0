import truncated from 'fast-string-truncated-width';
import { pc } from './colours.js';

/** A column of a table. */
export interface Column<Item> {
  /** Name by which the column is chosen, such as `start`; its head in capital letters. */
  readonly name: string;
  /** Text of a cell, without colours and control characters. */
  readonly text: (item: Item) => string;
  /** Colours a text of the cell. */
  readonly style?: ((text: string, item: Item) => string) | undefined;
  readonly alignRight?: true | undefined;
  /** Maximum width. @default none */
  readonly maxWidth?: number | undefined;
  /** Width below which it is not made narrower to fit the terminal. @default the width of its content */
  readonly minWidth?: number | undefined;
}

/** Options of {@link rowPrinter}. */
export interface RowPrinterOptions {
  /** Width of the terminal; null: rows may have any width. */
  readonly width: number | null;
  readonly print: (line: string) => void;
  /** Called when columns are left out because the terminal is too narrow, with their names. */
  readonly onLeftOut: (names: readonly string[]) => void;
}

/** Prints rows of a table as they come. */
export interface RowPrinter<Item> {
  print(item: Item): void;
  /** Prints the rows that are still held back. */
  end(): void;
}

/** Number of rows that decide the widths; they are held back until then. */
const DECIDING_ROWS = 100;
const GAP = '  ';

/**
 * Prints rows under a head. The first 100 decide how wide each column is; later cells that are wider are cut where the terminal has a width, and
 * otherwise shift the rest of their row. When a terminal is too narrow, columns become narrower down to their minimum, the widest first;
 * then the last ones are left out.
 */
export function rowPrinter<Item>(
  columns: readonly Column<Item>[],
  { width, print, onLeftOut }: RowPrinterOptions,
): RowPrinter<Item> {
  const held: Item[] = [];
  let layout: readonly Laid<Item>[] | null = null;

  function printRow(item: Item, laid: readonly Laid<Item>[]): void {
    const cells = laid.map(({ column, width: columnWidth }) => {
      const text = cut(
        column.text(item),
        Math.min(width === null ? Infinity : columnWidth, column.maxWidth ?? Infinity),
      );
      const padding = ' '.repeat(Math.max(0, columnWidth - widthOf(text)));
      const styled = column.style?.(text, item) ?? text;
      return column.alignRight ? padding + styled : styled + padding;
    });
    print(cells.join(GAP).trimEnd());
  }

  function begin(): readonly Laid<Item>[] {
    const natural = columns.map(column => ({ column, width: naturalWidth(column, held) }));
    const { fitting, leftOut } = fitColumns(natural, width);
    if (leftOut.length > 0) onLeftOut(leftOut.map(({ name }) => name));
    const heads = fitting.map(({ column, width: columnWidth }) => {
      const head = cut(column.name.toUpperCase(), columnWidth);
      return column.alignRight ? head.padStart(columnWidth) : head.padEnd(columnWidth);
    });
    print(pc.dim(heads.join(GAP).trimEnd()));
    for (const item of held) printRow(item, fitting);
    held.length = 0;
    return fitting;
  }

  return {
    print(item) {
      if (layout !== null) return printRow(item, layout);
      held.push(item);
      if (held.length === DECIDING_ROWS) layout = begin();
    },
    end() {
      if (layout === null && held.length > 0) layout = begin();
    },
  };
}

/** A column with its width. */
interface Laid<Item> {
  readonly column: Column<Item>;
  readonly width: number;
}

function naturalWidth<Item>({ name, text, maxWidth = Infinity }: Column<Item>, items: readonly Item[]): number {
  const content = items.reduce((most, item) => Math.max(most, widthOf(text(item))), 0);
  return Math.max(name.length, Math.min(content, maxWidth));
}

function fitColumns<Item>(natural: readonly Laid<Item>[], width: number | null) {
  const fitting = natural.map(laid => ({ ...laid }));
  const leftOut: Column<Item>[] = [];
  if (width === null) return { fitting, leftOut };
  const surplus = () => fitting.reduce((sum, laid) => sum + laid.width + GAP.length, -GAP.length) - width;
  while (surplus() > 0 && fitting.length > 1) {
    const spare = ({ column, width: columnWidth }: Laid<Item>) => columnWidth - (column.minWidth ?? columnWidth);
    const widest = fitting.filter(laid => spare(laid) > 0).sort((a, b) => b.width - a.width)[0];
    if (widest !== undefined) widest.width -= 1;
    else {
      const [last] = fitting.splice(-1);
      if (last) leftOut.unshift(last.column);
      // The others get back what they gave up for it.
      for (const [i, laid] of fitting.entries()) laid.width = natural[i]?.width ?? laid.width;
    }
  }
  return { fitting, leftOut };
}

function cut(text: string, width: number): string {
  const { index, ellipsed } = truncated(text, { limit: width, ellipsis: '…', ellipsisWidth: 1 });
  return text.slice(0, index) + (ellipsed ? '…' : '');
}

/** Width of a text in a terminal. */
export function widthOf(text: string): number {
  return truncated(text).width;
}
