/** A set of small integers: 32 to a word, the lowest in the lowest bit. */
export type BitSet = number[];

/** The set of `members`, integers of 0 or more. */
export function bitSetOf(members: readonly number[]): BitSet {
  const bits: BitSet = [];
  for (const member of members) addBit(bits, member);
  return bits;
}

/** Puts `member` into the set. */
export function addBit(bits: BitSet, member: number): void {
  const index = member >>> 5;
  while (bits.length <= index) bits.push(0);
  bits[index] = wordOf(bits, index) | (1 << (member & 31));
}

/** Whether `member` is in the set. */
export function hasBit(bits: BitSet, member: number): boolean {
  return ((wordOf(bits, member >>> 5) >>> (member & 31)) & 1) === 1;
}

/** The smallest member that is `from` or more; -1 when there is none. */
export function nextBit(bits: BitSet, from: number): number {
  let index = from >>> 5;
  let word = wordOf(bits, index) & (-1 << (from & 31));
  while (word === 0) {
    index += 1;
    if (index >= bits.length) return -1;
    word = wordOf(bits, index);
  }
  return (index << 5) + 31 - Math.clz32(word & -word);
}

/** The largest member that is `from` or less; -1 when there is none. */
export function previousBit(bits: BitSet, from: number): number {
  let index = from >>> 5;
  let word = wordOf(bits, index) & (-1 >>> (31 - (from & 31)));
  while (word === 0) {
    index -= 1;
    if (index < 0) return -1;
    word = wordOf(bits, index);
  }
  return (index << 5) + 31 - Math.clz32(word);
}

function wordOf(bits: BitSet, index: number): number {
  return bits[index] ?? 0;
}
