/** An answer that says more than 200 and a value. */
export class Answer {
  readonly status: number;
  /** Undefined: the answer has no body. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** It is done, and there is nothing to say. */
export const done = new Answer(204);

/** Something was made, or was there already. */
export function put(isNew: boolean): Answer {
  return new Answer(isNew ? 201 : 204);
}

/** Octets that are sent as they are: what is no JSON, or comes bit by bit. */
export class Raw {
  readonly status: number;
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    body: Raw['body'], headers: Readonly<Record<string, string>>, status = 200,
  ) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}
