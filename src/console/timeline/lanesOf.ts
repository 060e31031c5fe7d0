import type { DispatchRecord } from '../../model/dispatchRecord.js';
import { selectorToText } from '../../planning/selectorText.js';
import { printable } from '../../planning/text/printable.js';
import type { LaneKind } from '../view/viewState.js';

/** The lane of a picture that a dispatch is in. */
export interface LaneName {
  readonly key: string;
  /** Lanes are in this order, then in that of their titles. */
  readonly rank: number;
  readonly title: string;
}

/** The lanes that a dispatch is in: one, or one for each of its components. */
export function lanesOf(record: DispatchRecord, kind: LaneKind): readonly LaneName[] {
  const { id, type, selector } = record;
  if (kind === 'type') return [{ key: `type ${type}`, rank: 0, title: printable(type) }];
  if (kind === 'dispatch') return [{ key: `dispatch ${id}`, rank: id, title: dispatchName(record) }];
  if (selector.ids !== undefined) {
    return [...new Set(selector.ids)].map(component => ({
      key: `component ${component}`,
      rank: component,
      title: `component ${component}`,
    }));
  }
  const titles = selector.categories.map(category =>
    componentsText({ ...record, selector: { categories: [category] } }),
  );
  return [...new Set(titles)].map(title => ({ key: `category ${title}`, rank: Number.POSITIVE_INFINITY, title }));
}

/** The components of a dispatch, as a reader wants to see them. */
export function componentsText({ selector }: DispatchRecord): string {
  return printable(selectorToText(selector));
}

/** The id and the type of a dispatch, as a reader wants to see them. */
export function dispatchName({ id, type }: Pick<DispatchRecord, 'id' | 'type'>): string {
  return `${id} ${printable(type)}`;
}
