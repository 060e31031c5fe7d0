import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** Maximum length of a varint: ten bytes of seven bits hold 64 bits. */
const MAX_VARINT_BYTES = 10;

/**
 * A protobuf reader that rejects invalid encodings which the plain reader accepts: strings that are not UTF-8, field number 0, a
 * group end without a start, an unknown varint above ten bytes, and a field that is longer than its message.
 *
 * The generated code uses it (see proto/strictTsProto.ts), and so do client and service.
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
