import { InvalidPlan } from '../../planning/planError.js';

/** The command line is wrong: nothing was tried. Thrown by an argument parser, commander names the argument. */
export class UsageError extends InvalidPlan {
  /** By this commander knows its own errors. It is not imported, so that its parsers run in browsers, too. */
  readonly code = 'commander.invalidArgument';
  readonly exitCode = 1;
}
