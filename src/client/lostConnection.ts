import { ClientError } from './grpcCommon.js';

/** The error of a call whose connection was lost: the service itself has said nothing. */
export class LostConnection extends ClientError {}
