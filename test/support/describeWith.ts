import { describe, it } from 'vitest';

/**
 * A `describe` of tests that need something of the machine. Where it is missing they say what is left out; where the
 * environment variable CI is set they fail.
 *
 * @param missing what is missing, or null
 */
export function describeWith(missing: string | null, name: string, tests: () => void): void {
  if (missing === null) {
    describe(name, tests);
  } else if (process.env.CI) {
    it(name, () => {
      throw new Error(missing);
    });
  } else {
    console.warn(`left out: ${name} (${missing})`);
    describe.skip(name, tests);
  }
}
