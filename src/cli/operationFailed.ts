/** A command failed; the message is printed as it is. */
export class OperationFailed extends Error {
  override readonly name = 'OperationFailed';
}
