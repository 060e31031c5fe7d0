import { InvalidPlan } from '../planError.js';

/** A text that people typed is not what it must be; the message says what that is. */
export class InvalidText extends InvalidPlan {
  /** By these commander knows the errors of its parsers, and names the option. */
  readonly code = 'commander.invalidArgument';
  readonly exitCode = 1;
}
