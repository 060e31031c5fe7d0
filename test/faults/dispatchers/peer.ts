/** A service that dispatchers follow, by the ways in which services differ. */
export interface Peer extends AsyncDisposable {
  /** Its address, for who is not disturbed. */
  readonly address: string;
  /** `HOST:PORT`. */
  readonly target: string;
  /** Whether its streams go on where they ended: then no change may be skipped, however long the connection was lost. */
  readonly resumes: boolean;
  /** Whether it can change recurrence rules. */
  readonly changesRules: boolean;
  /** Whether a list of what ends after an instant has what has no end, as the contract says. */
  readonly listsEndless: boolean;
  /** Codes of the problems that its streams may end with, beside lost connections. */
  readonly problemCodes: readonly string[];
}
