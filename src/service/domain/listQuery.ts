/** An interval `[from, to)`; null is unbounded. */
export interface Range {
  readonly from: number | null;
  readonly to: number | null;
}

/** Filter of a list: a dispatch must match every part that is present. */
export interface ListFilter {
  /** Any of these keys. */
  readonly targetKeys?: readonly string[];
  readonly active?: boolean;
  readonly dryRun?: boolean;
  readonly recurring?: boolean;
  readonly startS?: Range;
  /** A dispatch without an end counts as infinitely late. */
  readonly endS?: Range;
  readonly updateUs?: Range;
  readonly ids?: readonly number[];
  /** One of these ids, or one of these texts as part of the type. */
  readonly queries?: { readonly ids: readonly number[]; readonly texts: readonly string[] };
}

/** Sort columns of a list; ties are sorted by id in the same direction. */
export type SortColumn = 'startS' | 'createUs' | 'updateUs';

/** Filter and order of a list. */
export interface ListQuery {
  readonly filter: ListFilter;
  readonly sort: { readonly column: SortColumn; readonly descending: boolean };
}

/** A position in a sorted list: after the item with this sort value and id, whether or not it still exists. */
export interface ListPlace {
  readonly value: number;
  readonly id: number;
  /** The total of the first page, which is that of the others, too; absent in what an earlier version gave out: it is counted. */
  readonly total?: number | undefined;
}
