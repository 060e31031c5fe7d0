import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createFileRegistry, type DescMethod, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type OpenApiSchemas, openApiSchemas, type Schema } from './openApiSchemas.js';
import { protoComments } from './protoComments.js';

const root = new URL('../../', import.meta.url);
const SERVICES = [
  'frequenz.api.dispatch.v1.MicrogridDispatchService',
  'xstate_dispatch.v1.Operations',
  'grpc.health.v1.Health',
];
const WRITES = ['CreateMicrogridDispatch', 'UpdateMicrogridDispatch', 'DeleteMicrogridDispatch'];

/** What is wrong with a call: as the answer, or as the last line of a stream. */
const ERROR: Schema = {
  type: 'object',
  required: ['code'],
  properties: {
    code: { type: 'string', description: 'The gRPC status in lower case, such as invalid_argument.' },
    message: { type: 'string' },
    details: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'value'],
        properties: {
          type: { type: 'string', description: 'The message that the detail is: google.rpc.BadRequest.' },
          value: { type: 'string', contentEncoding: 'base64' },
          debug: {
            description: 'The same as JSON.',
            type: 'object',
            properties: {
              fieldViolations: {
                type: 'array',
                items: {
                  type: 'object',
                  properties: {
                    field: { type: 'string', description: 'Path of the field, in the names of JSON.' },
                    description: { type: 'string' },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

/** The description of the service over HTTP with JSON (OpenAPI 3.1), made from the contracts and their comments. */
export function openApi(): string {
  const binary = execFileSync('npx', ['buf', 'build', 'proto', '--as-file-descriptor-set', '-o', '-'], {
    cwd: fileURLToPath(root),
  });
  const files = fromBinary(FileDescriptorSetSchema, binary);
  const registry = createFileRegistry(files);
  const comments = protoComments(files.file);
  const services = SERVICES.map(name => {
    const service = registry.getService(name);
    if (!service) throw new Error(`there is no service ${name}`);
    return service;
  });
  const requests = services.flatMap(({ methods }) => methods.map(({ input }) => input));
  const schemas = openApiSchemas(comments, new Set(requests));
  const paths = services.flatMap(service =>
    service.methods.map(method => [
      `/${service.typeName}/${method.name}`,
      { post: operation(method, comments, schemas) },
    ]),
  );
  const { version, license } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const description = {
    openapi: '3.1.0',
    info: {
      title: 'Dispatch service over HTTP',
      version,
      description: 'Each method of the contracts is called by POST, with its request as JSON. See docs/http.md.',
      license: { name: license, identifier: license },
    },
    servers: [{ url: 'http://127.0.0.1:8080' }],
    tags: services.map(({ typeName }) => ({ name: typeName, description: comments.get(typeName) })),
    security: [{}, { key: [] }, { key: [], ts: [], nonce: [], sig: [] }],
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        key: headerScheme('key', 'The API key.'),
        ts: headerScheme('ts', 'The time of the signature: seconds since 1970 in UTC.'),
        nonce: headerScheme('nonce', 'A text that was not used before, of at most 64 characters.'),
        sig: headerScheme(
          'sig',
          'HMAC-SHA256 with the secret of the key, over key, ts, nonce and the name of the method, in base64url without padding.',
        ),
      },
      schemas: Object.fromEntries(
        [...schemas.components, ['Error', ERROR]].sort(([a], [b]) => String(a).localeCompare(String(b))),
      ),
    },
  };
  return `${JSON.stringify(description, null, 1)}\n`;
}

function operation(method: DescMethod, comments: ReadonlyMap<string, string>, schemas: OpenApiSchemas) {
  const { parent, name, input, output } = method;
  const isStream = method.methodKind === 'server_streaming';
  const description = comments.get(`${parent.typeName}.${name}`);
  const error = { $ref: '#/components/schemas/Error' };
  const line = { anyOf: [schemas.of(output), { type: 'object', required: ['error'], properties: { error } }] };
  const answer = isStream
    ? {
        description:
          'A stream: a message on each line, and an empty line every 15 s. A last line may tell why it ends.',
        content: { 'application/x-ndjson': { schema: line } },
      }
    : { description: 'The answer.', content: { 'application/json': { schema: schemas.of(output) } } };
  return {
    operationId: name === 'Check' || name === 'Watch' ? `${name}Health` : name,
    tags: [parent.typeName],
    ...(description !== undefined && { description }),
    ...(parent.typeName.startsWith('grpc.') && { security: [] }),
    ...(parametersOf(name).length > 0 && { parameters: parametersOf(name) }),
    requestBody: { required: true, content: { 'application/json': { schema: schemas.of(input) } } },
    responses: {
      200: answer,
      default: { description: 'The call has failed.', content: { 'application/json': { schema: error } } },
    },
  };
}

function parametersOf(method: string) {
  if (WRITES.includes(method)) {
    return [
      header(
        'request-id',
        'A retry with the same id, key and content is made once, and gets the first answer. 1 to 128 printable ASCII characters.',
      ),
      header('note-bin', 'Why, for the audit: at most 500 bytes of UTF-8, in base64.'),
    ];
  }
  return method === 'StreamMicrogridDispatches'
    ? [
        header(
          'resume-after',
          'The position after which the stream goes on, of the header change-log-position of an earlier one.',
        ),
      ]
    : [];
}

function header(name: string, description: string) {
  return { name, in: 'header', description, schema: { type: 'string' } };
}

function headerScheme(name: string, description: string) {
  return { type: 'apiKey', in: 'header', name, description };
}
