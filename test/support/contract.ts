import { execFileSync } from 'node:child_process';
import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** Where this is compiled, it lies in a folder below the root. */
const root = new URL(import.meta.url.endsWith('.js') ? '../../..' : '../..', import.meta.url);

/** Compiles the contract with buf. Its descriptors are independent of the generated code. */
export function compileContract(): FileRegistry {
  const image = execFileSync(
    new URL('node_modules/.bin/buf', root).pathname,
    ['build', 'proto', '--as-file-descriptor-set', '-o', '-#format=binpb'],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, image));
}
