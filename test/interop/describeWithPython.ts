import { describeWith } from '../support/describeWith.js';
import { missingPython } from './python.js';

/** A `describe` of tests that need the Python packages of requirements.txt ({@link describeWith}). */
export function describeWithPython(name: string, tests: () => void): void {
  describeWith(missingPython(), name, tests);
}
