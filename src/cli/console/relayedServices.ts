import { Metadata } from '@grpc/grpc-js';
import { ClientError, Metadata as ClientMetadata, Status } from 'nice-grpc-common';

import { type EncodedCall, encodedServices } from '../../client/encodedServices.js';
import type { GrpcConnection } from '../../client/grpcConnection.js';
import { LostConnection } from '../../client/lostConnection.js';
import { StatusError } from '../../service/grpc/errorStatus.js';
import type { ServedCall } from '../../service/grpc/servedCall.js';
import type { ServedService, StreamHandler, UnaryHandler } from '../../service/grpc/servedServices.js';
import { decodeViolations, STATUS_DETAILS } from '../../wire/badRequest.js';
import { CHANGE_LOG_POSITION, RESUME_AFTER, RESUMED, SERVER_TIME } from '../../wire/logPosition.js';
import { NOTE } from '../../wire/note.js';
import { REQUEST_ID, REQUEST_IDS_KEPT_S } from '../../wire/requestId.js';

/** Metadata of a call that are passed on. Key and signature are those of the connection. */
const REQUEST = [REQUEST_ID, RESUME_AFTER, NOTE, 'traceparent', 'tracestate'];
/** Headers of an answer that are passed on. */
const ANSWER = [CHANGE_LOG_POSITION, RESUMED, SERVER_TIME, REQUEST_IDS_KEPT_S];

/**
 * Services that pass each call on to another service, and its answer back as it is.
 *
 * @param url - address of the other service, for messages.
 */
export function relayedServices(connection: GrpcConnection, url: string): readonly ServedService[] {
  return encodedServices(connection).map(({ definition, calls }) => ({
    definition,
    handlers: Object.fromEntries(
      Object.entries(definition.methods).map(([name, { responseStream }]) => {
        const call = calls[name] as EncodedCall;
        return [name, responseStream ? streamed(call, url) : answered(call, url)];
      }),
    ),
  }));
}

function answered(relayed: EncodedCall, url: string): UnaryHandler {
  return async (request, call) => {
    const trailer = new Trailer();
    try {
      return await relayed(request, {
        ...optionsOf(call, trailer),
        onHeader: header => {
          call.answerHeaders = passedOn(header);
        },
      });
    } catch (error) {
      throw statusError(error, trailer, url);
    }
  };
}

function streamed(relayed: EncodedCall, url: string): StreamHandler {
  return async function* (request, call) {
    const trailer = new Trailer();
    try {
      yield* relayed(request, {
        ...optionsOf(call, trailer),
        onHeader: header => call.sendHeaders(passedOn(header)),
      });
    } catch (error) {
      throw statusError(error, trailer, url);
    }
  };
}

/** The details that come with the status of a call that failed. */
class Trailer {
  details: Uint8Array | undefined;
  readonly onTrailer = (trailer: ClientMetadata) => {
    this.details = trailer.get(STATUS_DETAILS);
  };
}

function optionsOf({ metadata, signal }: ServedCall, { onTrailer }: Trailer) {
  const sent = ClientMetadata();
  for (const name of REQUEST) for (const value of metadata.get(name)) sent.append(name, value);
  return { metadata: sent, signal, onTrailer };
}

function passedOn(header: ClientMetadata): Metadata {
  const metadata = new Metadata();
  for (const name of ANSWER) for (const value of header.getAll(name)) metadata.add(name, String(value));
  return metadata;
}

/** What the caller is told; an abort passes through. */
function statusError(error: unknown, { details: bytes }: Trailer, url: string): unknown {
  if (!(error instanceof ClientError)) return error;
  const { code, details } = error;
  if (error instanceof LostConnection) {
    const text = `the service at ${url} is not reached: ${details}`;
    return new StatusError({ code, details: text, isUnreached: true }, { cause: error });
  }
  if (code === Status.UNAUTHENTICATED) {
    // The caller itself is known.
    const text = `the service at ${url} does not accept the key of dispatch console: ${details}`;
    return new StatusError({ code: Status.PERMISSION_DENIED, details: text }, { cause: error });
  }
  const metadata = new Metadata();
  if (bytes !== undefined) metadata.set(STATUS_DETAILS, Buffer.from(bytes));
  return new StatusError({ code, details, metadata, violations: decodeViolations(bytes) }, { cause: error });
}
