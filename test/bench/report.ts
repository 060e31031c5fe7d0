import Table from 'cli-table3';

/** What one line of a benchmark tells: names with units, such as `medianUs`. */
export type Figures = Readonly<Record<string, string | number | boolean | null>>;

/** Takes the lines of a benchmark, in order. */
export type Report = (bench: string, figures: Figures) => void;

/** A report that prints each line at once, as one JSON object. */
export function jsonReport(write: (line: string) => void): Report {
  return (bench, figures) => write(JSON.stringify({ bench, ...figures }));
}

/** A report for people: consecutive lines with the same names make one table, printed by `flush`. */
export function tableReport(write: (text: string) => void): { readonly report: Report; flush(): void } {
  let rows: Figures[] = [];
  const flush = () => {
    const [first] = rows;
    if (first === undefined) return;
    const table = new Table({ head: Object.keys(first), style: { head: [], border: [], compact: true } });
    table.push(...rows.map(row => Object.values(row).map(String)));
    write(table.toString());
    rows = [];
  };
  const report: Report = (_, figures) => {
    if (rows[0] !== undefined && Object.keys(rows[0]).join() !== Object.keys(figures).join()) flush();
    rows.push(figures);
  };
  return { report, flush };
}
