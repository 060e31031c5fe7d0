/**
 * A buf plugin: ts-proto, with its output made to read exactly what the protobuf encoding says.
 *
 * - Everything is read by src/wire/strictReader.ts.
 * - A message that is given twice is merged with the first, as the encoding demands; ts-proto replaces it.
 * - `google.protobuf.Struct` is src/wire/struct.ts.
 *
 * buf runs it (proto/buf.gen.yaml). It fails when ts-proto's output no longer has the places to change.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { CodeGeneratorResponseSchema } from '@bufbuild/protobuf/wkt';

const STDIN = 0;
const STRUCT_FILE = 'google/protobuf/struct.ts';

/** What to put in place of what; `@wire/` stands for the way to src/wire. */
const rewrites: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [
    /import \{ BinaryReader, BinaryWriter \} from "@bufbuild\/protobuf\/wire";/,
    'import { BinaryWriter } from "@bufbuild/protobuf/wire";\nimport { StrictReader as BinaryReader } from "@wire/strictReader.js";',
  ],
  [/const tag = reader\.uint32\(\);/g, 'const tag = reader.fieldTag();'],
  [/while \(reader\.pos < (end\d*)\)/g, 'while (reader.isBefore($1))'],
  [/reader\.skip\(tag & 7\)/g, 'reader.skip(tag & 7, tag >>> 3)'],
  [/ {8}if \(\(tag & 7\) === 4 \|\| tag === 0\) \{\n {10}break;\n {8}\}\n/g, ''],
  [/(decode\(\s*input: BinaryReader \| Uint8Array,\s+length\?: number),?\s*\): (\w+)/g, '$1, into?: $2): $2'],
  [/(type Builtin = )/, '$1import("@wire/struct.js").JsonObject | '],
  [/const message = (createBase\w+\(\));(\n +while)/g, 'const message = into ?? $1;$2'],
  [
    /(message\.\w+) =\s+(\w+)\.decode\(\s*reader,\s+reader\.uint32\(\),?\s*\)/g,
    '$1 = $2.decode(reader, reader.uint32(), $1)',
  ],
  [
    /(message\.\w+) = \{(\s+)\$case: "(\w+)",(\s+)value: (\w+)\.decode\(reader, reader\.uint32\(\)\)/g,
    '$1 = {$2$$case: "$3",$4value: $5.decode(reader, reader.uint32(), $1?.$$case === "$3" ? $1.value : undefined)',
  ],
  [
    /(message\.\w+) = FieldMask\.unwrap\(FieldMask\.decode\(reader, reader\.uint32\(\)\)\)/g,
    '$1 = FieldMask.decode(reader, reader.uint32(), $1 && FieldMask.wrap($1)).paths',
  ],
  [
    /import \{ Struct \} from "[./]+google\/protobuf\/struct\.js";/,
    'import { type JsonObject, Struct } from "@wire/struct.js";',
  ],
  [/\{ \[key: string\]: any \}/g, 'JsonObject'],
  [/Struct\.encode\(Struct\.wrap\((message\.\w+)\)/g, 'Struct.encode($1'],
  [
    /(message\.\w+) = Struct\.unwrap\(Struct\.decode\(reader, reader\.uint32\(\)\)\)/g,
    '$1 = Struct.decode(reader, reader.uint32(), $1)',
  ],
];

const unused = new Set(rewrites);

function makeStrict(name: string, source: string): string {
  const own = `${'../'.repeat(name.split('/').length + 1)}src/wire/`;
  let strict = source;
  for (const rewrite of rewrites) {
    const [pattern, replacement] = rewrite;
    const changed = strict.replace(pattern, replacement).replaceAll('@wire/', own);
    if (changed !== strict) unused.delete(rewrite);
    strict = changed;
  }
  return strict;
}

const tsProto = new URL('../node_modules/.bin/protoc-gen-ts_proto', import.meta.url).pathname;
const response = fromBinary(
  CodeGeneratorResponseSchema,
  execFileSync(tsProto, { input: readFileSync(STDIN), maxBuffer: 64 * 1024 * 1024 }),
);
const file = response.file
  .filter(({ name }) => name !== STRUCT_FILE)
  .map(generated => ({ ...generated, content: makeStrict(generated.name, generated.content) }));
for (const [pattern] of unused) {
  throw new Error(`${pattern} changed nothing. Fit proto/strictTsProto.ts to this ts-proto.`);
}
process.stdout.write(toBinary(CodeGeneratorResponseSchema, create(CodeGeneratorResponseSchema, { ...response, file })));
