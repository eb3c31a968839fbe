import type { VirtualHost } from '../virtual-host.ts';
import { isHeard, LOG_EXCHANGE, tell } from './told-message.ts';

/** How much a line matters, by RabbitMQ's words: the routing keys of its log exchange. */
export type ToldLevel = 'debug' | 'info' | 'warning' | 'error';

const utf8 = new TextEncoder();

/**
 * Publishes lines of a log to `amq.rabbitmq.log` in the virtual host `/`, with their level as the
 * routing key. Nothing is made while nothing is bound to it.
 */
export class LogExchange {
  readonly #vhosts: ReadonlyMap<string, VirtualHost>;
  readonly #node: string;
  #isTelling = false;

  constructor(vhosts: ReadonlyMap<string, VirtualHost>, node: string) {
    this.#vhosts = vhosts;
    this.#node = node;
  }

  /** Whether anybody would get a line. */
  get isHeard(): boolean {
    return isHeard(this.#vhosts.get('/'), LOG_EXCHANGE);
  }

  /** A line was written; what is written because of that is not told of. */
  write(level: ToldLevel, line: string): void {
    const vhost = this.#vhosts.get('/');
    if (this.#isTelling || !isHeard(vhost, LOG_EXCHANGE)) return;
    this.#isTelling = true;
    try {
      tell(vhost, LOG_EXCHANGE, level, {
        contentType: 'text/plain', headers: { node: this.#node },
        timestamp: Math.floor(vhost.clock.wall() / 1000),
      }, utf8.encode(line));
    } finally {
      this.#isTelling = false;
    }
  }
}
