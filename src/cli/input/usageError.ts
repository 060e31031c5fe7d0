import { InvalidText } from '../../planning/text/invalidText.js';

/** The command line is wrong: nothing was tried. Thrown by an argument parser, commander names the argument. */
export class UsageError extends InvalidText {}
