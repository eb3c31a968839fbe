import type { TapEvent, TapType } from '../../core/management/index.ts';

/** What the consumers of one connection hold. */
interface Hold {
  /** When each message was delivered that is not acknowledged, by channel and delivery tag. */
  readonly since: Map<string, number>;
  /** Messages that were delivered to it, acknowledged or not. */
  handed: number;
  /** When it last acknowledged, rejected or gave back anything; undefined: never. */
  settledAt: number | undefined;
}

/** Who holds which messages, as events tell it: the same moment is the same answer. */
export class Holdings {
  /** What must be seen. */
  static readonly types: readonly TapType[] = [
    'message.delivered', 'message.settled', 'connection.closed',
  ];
  readonly #holds = new Map<string, Hold>();

  see(event: TapEvent): void {
    if (event.type === 'connection.closed') this.#holds.delete(event.connection.id);
    else if (event.type === 'message.delivered') {
      const hold = this.#of(event.owner);
      hold.handed++;
      if (!event.noAck) hold.since.set(keyOf(event), event.at);
    } else if (event.type === 'message.settled') {
      const hold = this.#of(event.owner);
      hold.since.delete(keyOf(event));
      hold.settledAt = event.at;
    }
  }

  clear(): void {
    this.#holds.clear();
  }

  /** Messages that these connections were handed so far. */
  handed(connections: readonly string[]): number {
    return connections.reduce((sum, one) => sum + (this.#holds.get(one)?.handed ?? 0), 0);
  }

  /** Messages that they hold. */
  held(connections: readonly string[]): number {
    return connections.reduce((sum, one) => sum + (this.#holds.get(one)?.since.size ?? 0), 0);
  }

  /** Since when one of them holds a message and has acknowledged nothing; undefined: none does. */
  silentSince(connections: readonly string[]): number | undefined {
    const times = connections.flatMap((one) => {
      const { since, settledAt = 0 } = this.#holds.get(one) ?? { since: new Map<string, number>() };
      const [oldest] = since.values();
      return oldest === undefined ? [] : [Math.max(oldest, settledAt)];
    });
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #of(owner: string): Hold {
    const connection = connectionOf(owner);
    let hold = this.#holds.get(connection);
    if (hold === undefined) {
      hold = { since: new Map(), handed: 0, settledAt: undefined };
      this.#holds.set(connection, hold);
    }
    return hold;
  }
}

/** `connection-1` of `connection-1/3` */
export function connectionOf(owner: string): string {
  return owner.split('/', 1)[0]!;
}

function keyOf({ owner, deliveryTag }: { owner: string; deliveryTag: number }): string {
  return `${owner}#${deliveryTag}`;
}
