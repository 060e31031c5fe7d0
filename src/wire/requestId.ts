/**
 * Metadata of a create, update or delete call: an idempotency key chosen by the client, new for each operation and the same in
 * each attempt at it. A service that supports request ids executes the operation once, and answers a retry as the first time.
 */
export const REQUEST_ID = 'request-id';

/**
 * Response header of a service that supports request ids: the seconds for which it remembers one. Without it a client must not
 * retry a creation.
 */
export const REQUEST_IDS_KEPT_S = 'request-ids-kept-s';
