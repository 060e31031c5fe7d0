/** One of several. */
export function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

/** An integer from `least` to `most`. */
export function integer(least: number, most: number, random: () => number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** Bytes of any value. */
export function bytes(length: number, random: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => integer(0, 255, random)));
}

/** Numbers from 0 to 1 that a seed decides: a generator by Lehmer, with the modulus 2^31 - 1. */
export function randomNumbers(seed: number): () => number {
  let state = (Math.abs(Math.floor(seed)) % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** A seed that nobody chose. */
export function newSeed(): number {
  return 1 + Math.floor(Math.random() * 1_000_000);
}
