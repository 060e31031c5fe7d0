import type { Selector } from '../../model/selector.js';
import { InvalidPlan } from '../../planning/planError.js';
import { parseSelector, SELECTOR_NAMES } from '../../planning/selectorText.js';
import type { ChoiceParser } from './parseValue.js';
import { UsageError } from './usageError.js';

/** Parses the components that a dispatch is for, as `parseSelector`. */
export const parseTarget: ChoiceParser<Selector> = Object.assign(
  (text: string): Selector => {
    try {
      return parseSelector(text);
    } catch (error) {
      // Commander names the argument of its own errors.
      throw error instanceof InvalidPlan ? new UsageError(error.message) : error;
    }
  },
  { values: SELECTOR_NAMES },
);
