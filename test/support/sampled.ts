/**
 * Some of many items, evenly spread, another selection each time; in `npm run test:long` all of them.
 *
 * @param count how many, about
 */
export function sampled<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (process.env.TEST_LONG || items.length <= count) return items;
  const step = Math.ceil(items.length / count);
  const first = Math.floor(Math.random() * step);
  return items.filter((_, index) => index % step === first);
}
