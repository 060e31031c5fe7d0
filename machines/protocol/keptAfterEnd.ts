/** A dispatch matters for this long after the end that the service calculated: lists ask for it, then it is forgotten. */
export const keptAfterEndMs = 24 * 3_600_000;
