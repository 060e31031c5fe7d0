import * as library from 'rrule';

/**
 * The class of rrule. Node.js loads the CommonJS file of the package, which has a default export only, and bundlers its ES module, which has none.
 * A name that bundlers could check would be an error of theirs.
 */
export const { RRule } = (Reflect.get(library, 'default') as typeof library | undefined) ?? library;
