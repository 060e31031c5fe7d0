/** How to stop a service. */
export interface StopOptions {
  /** Cancels pending calls at once, also while a stop is waiting for them. @default false */
  readonly now?: boolean | undefined;
}
