import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';

/** Numbers of the fields of descriptors, of which paths to comments are made (`google/protobuf/descriptor.proto`). */
const FILE = { messages: 4, enums: 5, services: 6 };
const MESSAGE = { fields: 2, nested: 3, enums: 4 };
const METHODS = 2;

/** The comments of files, by the full name of what they are about. Those of the values of enums are left out. */
export function protoComments(files: readonly FileDescriptorProto[]): ReadonlyMap<string, string> {
  const comments = new Map<string, string>();
  for (const file of files) {
    const found = new Map(
      file.sourceCodeInfo?.location.map(({ path, leadingComments }) => [path.join(' '), leadingComments]),
    );
    const add = (name: string, path: readonly number[]) => {
      const comment = found.get(path.join(' '));
      if (comment) comments.set(name, plainText(comment));
    };
    const addEnum = (scope: string, type: EnumDescriptorProto, path: readonly number[]) => {
      add(`${scope}.${type.name}`, path);
    };
    const addMessage = (scope: string, type: DescriptorProto, path: readonly number[]) => {
      const name = `${scope}.${type.name}`;
      add(name, path);
      type.field.forEach((field, index) => {
        add(`${name}.${field.name}`, [...path, MESSAGE.fields, index]);
      });
      type.nestedType.forEach((nested, index) => {
        addMessage(name, nested, [...path, MESSAGE.nested, index]);
      });
      type.enumType.forEach((nested, index) => {
        addEnum(name, nested, [...path, MESSAGE.enums, index]);
      });
    };
    file.messageType.forEach((type, index) => {
      addMessage(file.package, type, [FILE.messages, index]);
    });
    file.enumType.forEach((type, index) => {
      addEnum(file.package, type, [FILE.enums, index]);
    });
    file.service.forEach((service, index) => {
      add(`${file.package}.${service.name}`, [FILE.services, index]);
      service.method.forEach((method, number) => {
        add(`${file.package}.${service.name}.${method.name}`, [FILE.services, index, METHODS, number]);
      });
    });
  }
  return comments;
}

/** A comment with its paragraphs in a line each. */
function plainText(comment: string): string {
  return comment
    .split(/\n\s*\n/)
    .map(paragraph => paragraph.replace(/\s+/g, ' ').trim())
    .filter(paragraph => paragraph !== '' && !paragraph.startsWith('('))
    .join('\n\n');
}
