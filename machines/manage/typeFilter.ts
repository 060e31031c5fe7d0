/** Types of dispatches: one type, a list of types, or `'*'` for all. */
export type TypeFilter = string | readonly string[];

/** Returns whether a type is one of these. */
export function typeMatcher(filter: TypeFilter): (type: string) => boolean {
  const types = new Set(typesOf(filter));
  return types.has('*') ? () => true : type => types.has(type);
}

/** A text that is the same for filters with the same types, in any order. */
export function typeFilterKey(filter: TypeFilter): string {
  return JSON.stringify([...new Set(typesOf(filter))].sort());
}

/** The types as a reader wants to see them. */
export function typeFilterText(filter: TypeFilter): string {
  return typesOf(filter).join(', ');
}

function typesOf(filter: TypeFilter): readonly string[] {
  return typeof filter === 'string' ? [filter] : filter;
}
