import { AmqpError, AnswerAwaited } from '../../errors.ts';
import type { ServerConnection } from './server-connection.ts';

/** What a client asked for, on a channel or on 0, by the method with this id. */
export interface AskedFor {
  readonly channel: number;
  readonly method: readonly [number, number];
  /** Does it, from the start: whether somebody may is looked at before anything is done. */
  readonly run: () => void;
}

/**
 * Does again what `error` says cannot be done before an answer from elsewhere is there, and reads
 * nothing more of the client until then. Another error is thrown on.
 */
export function awaitAnswer(
  connection: ServerConnection, error: unknown, askedFor: () => AskedFor,
): void {
  if (!(error instanceof AnswerAwaited)) throw error;
  const asked = askedFor();
  connection.awaitWork((done) => error.whenKnown(() => {
    connection.broker.turn.within(() => {
      doAgain(connection, asked);
      connection.flushLater();
    });
    done();
  }));
}

/** What it throws is owed to the method, as when it had come only now. */
function doAgain(connection: ServerConnection, { channel, method, run }: AskedFor): void {
  const { session } = connection;
  const isOpen = channel === 0
    ? session.state === 'opening' || session.state === 'running'
    : session.isOpen(channel);
  if (!isOpen) return;
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof AmqpError)) connection.onFault(thrown);
    const known = thrown instanceof AmqpError ? thrown : new AmqpError('INTERNAL_ERROR', '');
    const error = known.at(method);
    if (error.scope === 'channel' && channel !== 0) session.closeChannel(channel, error);
    else session.close(error);
  }
}
