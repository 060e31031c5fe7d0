/** How protobuf lays out the value of a field. */
export const WIRE = { varint: 0, fixed64: 1, text: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const;

/** An integer in seven bits a byte; `padding` bytes of no value make it longer than it need be. */
export function varint(value: bigint, padding = 0): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    bytes.push(Number(rest & 127n));
    if (rest < 128n) break;
  }
  bytes.push(...Array.from({ length: padding }, () => 0));
  return Buffer.from(bytes.map((byte, index) => (index === bytes.length - 1 ? byte : byte | 128)));
}

/** A field with a value that is laid out already. */
export function field(number: number, wireType: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint((BigInt(number) << 3n) | BigInt(wireType)), value]);
}

/** A text, a message or another value that tells its length. */
export function sized(value: Uint8Array): Buffer {
  return Buffer.concat([varint(BigInt(value.length)), value]);
}

/** A message as gRPC sends it: with the length that it tells, by default its own, and a flag that says it is compressed. */
export function grpcFrame(message: Uint8Array, length = message.length, compressed = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(length >>> 0, 1);
  return Buffer.concat([head, message]);
}
