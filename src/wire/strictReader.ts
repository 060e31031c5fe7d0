import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** The longest varint: ten bytes of seven bits hold the 64 bits of any integer. */
const MAX_VARINT_BYTES = 10;

/**
 * A protobuf reader that refuses what the encoding does not allow, where the plain one goes on with a guess: text that is
 * not UTF-8, field number 0, a group end without a start, an unknown varint above ten bytes, and a field that is longer
 * than its message.
 *
 * The generated code reads with it (proto/strictTsProto.ts sees to that), so client and service do too.
 */
export class StrictReader extends BinaryReader {
  /** The tag of the next field. Throws an Error when none may stand there. */
  fieldTag(): number {
    const [fieldNumber, wireType] = this.tag();
    if (wireType === WireType.EndGroup) throw new Error(`field ${fieldNumber}: a group ends that did not begin`);
    return ((fieldNumber << 3) | wireType) >>> 0;
  }

  /** Whether a message that ends at `end` goes on. Throws a RangeError when its last field reached beyond it. */
  isBefore(end: number): boolean {
    if (this.pos > end) throw new RangeError(`a field is ${this.pos - end} bytes longer than its message`);
    return this.pos < end;
  }

  override string(): string {
    return super.string(true);
  }

  override skip(wireType: WireType, fieldNumber?: number, recursionLimit?: number): Uint8Array {
    const skipped = super.skip(wireType, fieldNumber, recursionLimit);
    if (wireType === WireType.Varint && skipped.length > MAX_VARINT_BYTES) throw new Error('invalid varint');
    return skipped;
  }
}
