import { AmqpError, replyNameOf } from '../errors.ts';
import { SHORTSTR_BYTES_MAX } from '../protocol/short-string.ts';
import type { MethodArgs } from '../protocol/types.ts';

/** What close carries; 200 where nothing went wrong. */
export function closeArguments(error: AmqpError | undefined): MethodArgs<'connection.close'> {
  if (error === undefined) return { replyCode: 200, replyText: 'OK', classId: 0, methodId: 0 };
  return {
    replyCode: error.replyCode,
    replyText: cutReplyText(error.replyText),
    classId: error.classId,
    methodId: error.methodId,
  };
}

const utf8 = new TextEncoder();

/** A text that is too long for a short string ends in dots. CON-30. */
function cutReplyText(text: string): string {
  if (utf8.encode(text).length <= SHORTSTR_BYTES_MAX) return text;
  const { read } = utf8.encodeInto(text, new Uint8Array(SHORTSTR_BYTES_MAX - 3));
  return `${text.slice(0, read)}...`;
}

/** The error that a peer's close stands for; none for an orderly close with 200. */
export function closeError(args: MethodArgs<'connection.close'>): AmqpError | undefined {
  const replyName = replyNameOf(args.replyCode);
  if (replyName === undefined) return undefined;
  // The error adds the name to its text by itself.
  const prefix = `${replyName} - `;
  const { replyText } = args;
  const text = replyText.startsWith(prefix) ? replyText.slice(prefix.length) : replyText;
  return new AmqpError(replyName, text, [args.classId, args.methodId]);
}
