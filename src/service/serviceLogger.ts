/** Writes one line: what it is about, then what happened. A pino logger is one. */
export type WriteLog = (context: object, message: string) => void;

/** Where the service reports what no caller sees. Nothing secret is written to it. */
export interface ServiceLogger {
  readonly debug: WriteLog;
  readonly info: WriteLog;
  readonly warn: WriteLog;
  readonly error: WriteLog;
}

/** Writes nothing. */
export const silentLogger: ServiceLogger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
