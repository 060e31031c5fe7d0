import { describeWith } from '../support/describeWith.js';
import { missingPython, missingPythonCommand } from './python.js';

/** A `describe` of tests that need the Python packages of requirements.txt ({@link describeWith}). */
export function describeWithPython(name: string, tests: () => void): void {
  describeWith(missingPython(), name, tests);
}

/** A `describe` of tests that need the Python command too, which has packages of its own. */
export function describeWithPythonCommand(name: string, tests: () => void): void {
  describeWith(missingPythonCommand(), name, tests);
}
