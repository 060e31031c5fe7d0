import { type Code, ConnectError } from '@connectrpc/connect';
import { encodeEnvelope } from '@connectrpc/connect/protocol';
import * as connect from '@connectrpc/connect/protocol-connect';
import * as grpcWeb from '@connectrpc/connect/protocol-grpc-web';
import type { ErrorStatus } from '../grpc/errorStatus.js';
import { badRequest } from './badRequest.js';

/** How a call is written over HTTP: its request as it arrives, and its answer. */
export interface WebProtocol {
  /** Whether messages are JSON; otherwise they are encoded. */
  readonly isJson: boolean;
  /** Whether the message of a request is in an envelope, which tells its length and whether it is compressed. */
  readonly isEnveloped: boolean;
  /** Headers of a request, in lower case, that tell its compression, and how long its caller waits. */
  readonly encodingHeader: string;
  readonly timeoutHeader: string;
  /** What that header must be, for messages. */
  readonly timeoutForm: string;
  /** The content type of an answer that does not fail before it begins. */
  readonly contentType: string;
  /** Whether an empty line shows from time to time that a stream is open. */
  readonly hasEmptyLines: boolean;
  /** How long the caller waits, in milliseconds, as its header says; undefined when that is malformed. */
  timeoutMs(header: string): number | undefined;
  /** A message of an answer. */
  message(bytes: Uint8Array): Uint8Array;
  /** What ends an answer after its messages; an error when there is one. */
  end(error: ErrorStatus | null): Uint8Array;
  /** The answer to a call that fails before its answer begins. */
  failure(error: ErrorStatus): WebFailure;
}

/** A whole answer to a call that has failed. */
export interface WebFailure {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** The type of a stream with one event in JSON on each line. */
const LINES_TYPE = 'application/x-ndjson';

const NOTHING = new Uint8Array();
const NEW_LINE = Buffer.from('\n');
const endOfStream = connect.createEndStreamSerialization(undefined);
const trailers = grpcWeb.createTrailerSerialization();

const connectTimeouts = {
  timeoutHeader: connect.headerTimeout.toLowerCase(),
  timeoutForm: 'a number of milliseconds of at most 10 digits',
  timeoutMs: (header: string) => connect.parseTimeout(header, Number.MAX_SAFE_INTEGER).timeoutMs,
};

/** Errors as HTTP status and JSON: also for those who know nothing of any protocol. */
const plainFailure = (error: ErrorStatus): WebFailure => ({
  status: connect.codeToHttpStatus(codeOf(error)),
  contentType: connect.contentTypeUnaryJson,
  body: connect.errorToJsonBytes(connectError(error), undefined),
});

/**
 * The protocol of a call: gRPC-Web, Connect, plain JSON, or lines of JSON.
 *
 * @returns a sentence on what the call must be like, when it is none of these.
 */
export function webProtocol(contentType: string, accept: string, isStream: boolean): WebProtocol | string {
  const web = grpcWeb.parseContentType(contentType);
  if (web && !web.text) return grpcWebProtocol(!web.binary);
  const type = connect.parseContentType(contentType);
  if (type && type.stream === isStream) return isStream ? connectStream(!type.binary) : connectUnary(!type.binary);
  if (type && isStream && !type.binary && accept.toLowerCase().includes(LINES_TYPE)) return LINES;
  if (type && isStream && !type.binary) return `the answer is a stream: it needs the header accept: ${LINES_TYPE}`;
  return `the content type must be application/json, or one of Connect or gRPC-Web that fits the method, and not '${contentType.slice(0, 100)}'`;
}

function connectUnary(isJson: boolean): WebProtocol {
  return {
    ...connectTimeouts,
    isJson,
    isEnveloped: false,
    encodingHeader: connect.headerUnaryEncoding.toLowerCase(),
    contentType: isJson ? connect.contentTypeUnaryJson : connect.contentTypeUnaryProto,
    hasEmptyLines: false,
    message: bytes => bytes,
    end: () => NOTHING,
    failure: plainFailure,
  };
}

function connectStream(isJson: boolean): WebProtocol {
  const contentType = isJson ? connect.contentTypeStreamJson : connect.contentTypeStreamProto;
  const end = (status: ErrorStatus | null) => {
    const error = status && { error: connectError(status) };
    return encodeEnvelope(connect.endStreamFlag, endOfStream.serialize({ metadata: new Headers(), ...error }));
  };
  return {
    ...connectTimeouts,
    isJson,
    isEnveloped: true,
    encodingHeader: connect.headerStreamEncoding.toLowerCase(),
    contentType,
    hasEmptyLines: false,
    message: bytes => encodeEnvelope(0, bytes),
    end,
    failure: error => ({ status: 200, contentType, body: end(error) }),
  };
}

function grpcWebProtocol(isJson: boolean): WebProtocol {
  const contentType = isJson ? grpcWeb.contentTypeJson : grpcWeb.contentTypeProto;
  const end = (status: ErrorStatus | null) => {
    const trailer = new Headers({ [grpcWeb.headerGrpcStatus]: grpcWeb.grpcStatusOk });
    if (status) grpcWeb.setTrailerStatus(trailer, connectError(status));
    return encodeEnvelope(grpcWeb.trailerFlag, trailers.serialize(trailer));
  };
  return {
    isJson,
    isEnveloped: true,
    encodingHeader: grpcWeb.headerEncoding.toLowerCase(),
    timeoutHeader: grpcWeb.headerTimeout.toLowerCase(),
    timeoutForm: 'a number of at most 8 digits and its unit, H, M, S, m, u or n',
    timeoutMs: header => grpcWeb.parseTimeout(header, Number.MAX_SAFE_INTEGER).timeoutMs,
    contentType,
    hasEmptyLines: false,
    message: bytes => encodeEnvelope(0, bytes),
    end,
    failure: error => ({ status: 200, contentType, body: end(error) }),
  };
}

const LINES: WebProtocol = {
  ...connectUnary(true),
  contentType: LINES_TYPE,
  hasEmptyLines: true,
  message: bytes => Buffer.concat([bytes, NEW_LINE]),
  end: status =>
    status
      ? Buffer.from(`${JSON.stringify({ error: connect.errorToJson(connectError(status), undefined) })}\n`)
      : NOTHING,
};

/** The codes of Connect are the statuses of gRPC. */
function codeOf({ code }: ErrorStatus): Code {
  return code as number as Code;
}

function connectError(status: ErrorStatus): ConnectError {
  const { details, violations = [] } = status;
  return new ConnectError(details, codeOf(status), undefined, violations.length > 0 ? [badRequest(violations)] : []);
}
