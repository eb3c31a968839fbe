import type { ApiClient, ApiRequest } from './api-client.ts';
import type { Row } from './output.ts';

/** What stands behind the name of a command, and its options. */
export interface Given {
  readonly words: readonly string[];
  readonly vhost: string;
  /** Whether the virtual host was named. */
  readonly namesVhost: boolean;
  readonly options: Readonly<Record<string, unknown>>;
}

/** An option of one command: `--priority <N>`, and what it means. */
export type CommandOption = readonly [flags: string, description: string];

interface AnyCommand {
  /** `queues` or `users add`. */
  readonly name: string;
  /** rabbitmqctl's words for it. */
  readonly aliases?: readonly string[];
  /** Arguments in commander's form: `<name> [tags...]`. */
  readonly takes?: string;
  readonly says: string;
  readonly options?: readonly CommandOption[];
}

/** Shows a table. */
export interface ListingCommand extends AnyCommand {
  readonly kind: 'listing';
  /** Below `/api`. */
  readonly path: (given: Given) => string;
  /** Those that are shown where none are named. */
  readonly columns: readonly string[];
  /** Makes rows of the answer. Default: it is the rows. */
  readonly rows?: (answer: unknown) => readonly Row[];
}

/** Changes something, by one request or several. */
export interface DeedCommand extends AnyCommand {
  readonly kind: 'deed';
  readonly requests: (given: Given) => readonly ApiRequest[];
}

/** Does something of its own; what it resolves with is printed. */
export interface OtherCommand extends AnyCommand {
  readonly kind: 'other';
  readonly run: (given: Given, api: ApiClient) => Promise<Row | string | undefined>;
}

export type ApiCommand = ListingCommand | DeedCommand | OtherCommand;

/** A path below `/api`, of names that may hold anything. */
export function pathOf(...names: readonly string[]): string {
  return names.map((name) => `/${encodeURIComponent(name)}`).join('');
}
