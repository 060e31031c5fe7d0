/** All that an iterable yields; nothing where there is none. */
export async function collect<T>(items: AsyncIterable<T> | undefined): Promise<T[]> {
  const all: T[] = [];
  if (items !== undefined) for await (const item of items) all.push(item);
  return all;
}
