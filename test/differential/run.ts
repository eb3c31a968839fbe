import { Session, type Case } from './session.ts';
import type { Address } from './wire.ts';

/** An `amqp://user:password@host:port` as an address. */
export function parseAddress(text: string): Address {
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(url.port || 5672),
    user: decodeURIComponent(url.username) || 'guest',
    password: decodeURIComponent(url.password) || 'guest',
  };
}

/** Runs a case and gives its transcript; the names it made are gone afterwards, even when it fails. */
export async function transcribe(testCase: Case, address: Address): Promise<readonly string[]> {
  const session = new Session(address);
  try {
    await testCase.run(session);
  } catch (error) {
    const seen = session.lines.map((line) => `\n  ${line}`).join('');
    throw new Error(`${testCase.name}: ${(error as Error).message}; so far:${seen}`, { cause: error });
  } finally {
    await session.finish();
  }
  return session.lines;
}
