import type { FieldTable } from '../../protocol/types.ts';
import type { Tail } from '../message/content-frames.ts';
import { MessageProperties } from '../message/properties.ts';

/**
 * Which messages of a stream a consumer wants, by their header x-stream-filter-value. QUE-34.
 * RabbitMQ looks at chunks of messages and lets some pass that the client has to drop; here each
 * message is looked at.
 */
export class StreamFilter {
  readonly #values: readonly string[];
  readonly #matchesUnfiltered: boolean;

  constructor(values: readonly string[], matchesUnfiltered: boolean) {
    this.#values = values;
    this.#matchesUnfiltered = matchesUnfiltered;
  }

  matches({ block, start, namesBytes }: Tail): boolean {
    const properties = new MessageProperties(block, start + namesBytes + 1);
    const value = properties.header('x-stream-filter-value');
    if (typeof value !== 'string') return this.#matchesUnfiltered;
    return this.#values.includes(value);
  }
}

/** The filter in the arguments of a consumer; undefined where it wants all messages. */
export function streamFilter(table: FieldTable): StreamFilter | undefined {
  const { 'x-stream-filter': given, 'x-stream-match-unfiltered': unfiltered } = table;
  if (typeof given !== 'string' && !Array.isArray(given)) return undefined;
  const values = [given].flat().filter((value) => typeof value === 'string');
  return new StreamFilter(values, unfiltered === true);
}
