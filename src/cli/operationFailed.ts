/** A command has failed, and the message says all there is to say. */
export class OperationFailed extends Error {
  override readonly name = 'OperationFailed';
}
