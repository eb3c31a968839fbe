import { SettingError } from '../broker/definition/setting-error.ts';
import { AmqpError } from '../errors.ts';

/** A refusal over HTTP: its status, and the body that says why. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** RabbitMQ's word for the kind of refusal. */
  readonly error: string;
  /** A sentence, or a list as RabbitMQ writes its terms. */
  readonly reason: unknown;
  /** What stands in the body beside the two. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    status: number, error: string, reason: unknown,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(typeof reason === 'string' ? reason : JSON.stringify(reason));
    this.status = status;
    this.error = error;
    this.reason = reason;
    this.details = details;
  }

  get body(): Readonly<Record<string, unknown>> {
    return { error: this.error, reason: this.reason, ...this.details };
  }
}

/** What a path names is not there. */
export function objectNotFound(): ApiError {
  return new ApiError(404, 'Object Not Found', 'Not Found');
}

/** What a change needs is not there. */
export function notFound(reason: string): ApiError {
  return new ApiError(404, 'not_found', reason);
}

export function badRequest(reason: unknown): ApiError {
  return new ApiError(400, 'bad_request', reason);
}

/** The user may not; RabbitMQ says 401 where others say 403. */
export function notAuthorised(reason = 'Access refused.'): ApiError {
  return new ApiError(401, 'not_authorised', reason);
}

/** Nobody is known by these credentials. */
export function loginFailed(reason = 'Login failed'): ApiError {
  return new ApiError(401, 'not_authorized', reason);
}

/** What broke, as a sentence: a disk that failed. */
function failed(reason: string): ApiError {
  return new ApiError(500, 'internal_server_error', reason);
}

/** An error as HTTP tells of it; undefined: it is a fault of the broker, and no refusal. */
export function refusalOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof AmqpError) return ofAmqp(error);
  if (error instanceof SettingError) return badRequest(error.message);
  if (error instanceof TypeError) return badRequest(error.message);
  return undefined;
}

function ofAmqp(error: AmqpError): ApiError {
  switch (error.replyName) {
    case 'ACCESS_REFUSED': return notAuthorised();
    case 'NOT_FOUND': return notFound(error.message);
    case 'INTERNAL_ERROR': return failed(error.message);
    default: return badRequest(error.message);
  }
}

/** The same of a message that is published or fetched: there RabbitMQ tells the code. */
export function channelRefusalOf(error: unknown): unknown {
  if (!(error instanceof AmqpError)) return error;
  const { replyCode, replyText } = error;
  if (error.replyName === 'INTERNAL_ERROR') return failed(error.message);
  return badRequest(`${replyCode} ${replyText}`);
}
