/** As shells tell a command that SIGINT ended. */
export const INTERRUPTED = 130;

/** A command ends with an exit code, and has said why. */
export class ExitCode extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}
