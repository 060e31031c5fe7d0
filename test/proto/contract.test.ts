import { readFileSync } from 'node:fs';
import { type DescEnum, type DescField, type DescMessage, type DescService, ScalarType } from '@bufbuild/protobuf';
import { Edition } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { compileContract } from '../support/contract.js';

const SERVICE = 'frequenz.api.dispatch.v1.MicrogridDispatchService';

const listing = readFileSync(new URL('../vectors/proto-descriptor.txt', import.meta.url), 'utf8')
  .split('\n')
  .map(line => line.replace(/ +/g, ' ').trim())
  .filter(line => line !== '' && !line.startsWith('#'));

/** Which part of the released contract the service needs: its calls, and every message and enum they lead to. */
function reachableFrom(service: string): string[] {
  const reached = new Set([service]);
  for (const owner of reached) {
    for (const line of listing) {
      const [kind, subject] = line.split(' ');
      if ((kind === 'field' && subject === owner) || (kind === 'rpc' && subject?.startsWith(`${owner}/`))) {
        for (const type of line.slice(`${kind} ${subject}`.length).match(/frequenz\.[\w.]+/g) ?? []) reached.add(type);
      }
    }
  }
  return listing.filter(line => {
    const [kind, subject = ''] = line.split(' ');
    return kind !== 'file' && kind !== 'syntax' && reached.has(subject.split('/')[0] ?? '');
  });
}

const deprecatedMark = (deprecated: boolean) => (deprecated ? ' [deprecated]' : '');

function typeOf(field: DescField): string {
  if (field.message) return field.message.typeName;
  if (field.enum) return field.enum.typeName;
  return ScalarType[field.scalar as ScalarType].toLowerCase();
}

function labelOf(field: DescField): string {
  if (field.fieldKind === 'list') return 'repeated ';
  if (field.oneof) return `oneof(${field.oneof.name}) `;
  return field.proto.proto3Optional ? 'optional ' : '';
}

const messageLines = (message: DescMessage): string[] => [
  `message ${message.typeName}${deprecatedMark(message.deprecated)}`,
  ...message.fields.map(
    field =>
      `field ${message.typeName} ${field.number} ${labelOf(field)}${typeOf(field)} ${field.name}${deprecatedMark(field.deprecated)}`,
  ),
];

const enumLines = (type: DescEnum): string[] => [
  `enum ${type.typeName}${deprecatedMark(type.deprecated)}`,
  ...type.values.map(
    value => `value ${type.typeName} ${value.number} ${value.name}${deprecatedMark(value.deprecated)}`,
  ),
];

const serviceLines = (service: DescService): string[] => [
  `service ${service.typeName}${deprecatedMark(service.deprecated)}`,
  ...service.methods.map(({ name, input, output, methodKind, deprecated }) => {
    const request = methodKind === 'client_streaming' || methodKind === 'bidi_streaming' ? 'stream ' : '';
    const response = methodKind === 'server_streaming' || methodKind === 'bidi_streaming' ? 'stream ' : '';
    return `rpc ${service.typeName}/${name} (${request}${input.typeName}) -> (${response}${output.typeName})${deprecatedMark(deprecated)}`;
  }),
];

describe('the contract', () => {
  const registry = compileContract();
  const ours = [...registry.files].filter(file => file.proto.package.startsWith('frequenz.'));

  it('says exactly what the released contract says of everything the service reaches', () => {
    const types = [...registry].filter(
      type => type.kind !== 'extension' && type.file.proto.package.startsWith('frequenz.'),
    );
    const compiled = types.flatMap(type => {
      if (type.kind === 'message') return messageLines(type);
      if (type.kind === 'enum') return enumLines(type);
      return type.kind === 'service' ? serviceLines(type) : [];
    });

    expect(compiled.sort()).toEqual(reachableFrom(SERVICE).sort());
  });

  it('keeps its messages in files of the released names', () => {
    const released = listing.filter(line => line.startsWith('file '));

    expect(released).toEqual(expect.arrayContaining(ours.map(file => `file ${file.name}.proto`)));
    expect(ours.map(file => file.edition)).toEqual(ours.map(() => Edition.EDITION_PROTO3));
  });
});
