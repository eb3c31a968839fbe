/**
 * What a driver knows of the messages that it published and received, over all lives of a broker that is killed
 * again and again; what the broker did wrong becomes a fault, in words.
 */

/**
 * What a message is for. `source`, `letters` and `tx` go on, to `dead`, to `buried` and from `left` to `moved`; `log`
 * is a stream. `quorum`, `letters` and `buried` are quorum queues, which keep what is not persistent.
 */
export type Lane = 'plain' | 'urgent' | 'source' | 'tx' | 'log' | 'quorum' | 'letters';
/** Queues whose messages are gone when they were received. */
export type QueueName =
  | 'plain' | 'urgent' | 'source' | 'dead' | 'left' | 'right' | 'moved' | 'quorum' | 'letters' | 'buried';

export interface Sent {
  readonly id: string;
  readonly lane: Lane;
  /** Life of the broker in which it was published, by a channel of its own for each lane. */
  readonly life: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** Queues in which the messages of a lane may be found. */
const queuesOf: Readonly<Record<Lane, readonly QueueName[]>> = {
  plain: ['plain'], urgent: ['urgent'], source: ['source', 'dead'], tx: ['left', 'right', 'moved'],
  log: [], quorum: ['quorum'], letters: ['letters', 'buried'],
};

/** Where a message goes on to, as one step that a crash does or does not undo. */
const nextQueues: Readonly<Partial<Record<QueueName, QueueName>>> = {
  source: 'dead', letters: 'buried', left: 'moved',
};
/** Queues to which nobody publishes. */
const further = Object.values(nextQueues);

/** Messages of `source` and `letters` that the consumer rejects. */
export const isPoison = ({ sequence }: Pick<Sent, 'sequence'>): boolean => sequence % 3 === 0;
export const priorityOf = ({ sequence }: Pick<Sent, 'sequence'>): number => sequence % 4;

/** What is known of one message in one queue. */
interface Stay {
  /** How often it may have come here. */
  arrivals: number;
  fresh: number;
  received: number;
  /** It was there at the beginning of a life after the one in which it was published. */
  survived: boolean;
  /** It left for good: that was confirmed. */
  left: boolean;
  /** The last life in which it was received here, and whether it had been here before that life. */
  lastLife: number;
  restored: boolean;
}

export class Ledger {
  readonly faults: string[] = [];
  life = 0;
  readonly #sent = new Map<string, Sent>();
  readonly #confirmed = new Set<string>();
  readonly #stays = new Map<string, Stay>();
  /** The last sequence number by queue and publisher, in this life. */
  #order = new Map<string, number>();
  receivedCount = 0;
  /** Where each record of the stream is that was seen, and in which life that was last. */
  readonly #records = new Map<string, { readonly offset: number; life: number }>();
  #nextOffset: number | undefined;

  get sentCount(): number {
    return this.#sent.size;
  }

  get confirmedCount(): number {
    return this.#confirmed.size;
  }

  begin(life: number): void {
    this.life = life;
    this.#order = new Map();
    this.#nextOffset = undefined;
  }

  sent(message: Sent): void {
    this.#sent.set(message.id, message);
    for (const queue of queuesOf[message.lane]) {
      if (!further.includes(queue)) this.#stay(queue, message.id).arrivals = 1;
    }
  }

  confirmed({ id }: Sent): void {
    this.#confirmed.add(id);
  }

  /** Its step to the next queue was asked for: it may be there once more. */
  movesOn(queue: 'source' | 'letters' | 'left', { id }: Sent): void {
    this.#stay(nextQueues[queue]!, id).arrivals++;
  }

  /** Its step to the next queue was confirmed. */
  movedOn(queue: 'source' | 'left', { id }: Sent): void {
    this.#stay(queue, id).left = true;
  }

  /** A message came out of a queue; answers what was published, unless it never was. */
  received(queue: QueueName, body: Uint8Array, redelivered: boolean): Sent | undefined {
    this.receivedCount++;
    const sent = this.#find(queue, body);
    if (sent === undefined) return undefined;
    const stay = this.#stay(queue, sent.id);
    stay.received++;
    if (!redelivered && ++stay.fresh > stay.arrivals) this.#fault(`${queue} had ${sent.id} again, not redelivered`);
    if (stay.left) this.#fault(`${queue} has ${sent.id} again, though it was moved on`);
    if (this.life > sent.life) stay.survived = true;
    stay.lastLife = this.life;
    stay.restored = redelivered;
    this.#checkPlaces(sent);
    return sent;
  }

  /** Where in the stream a reader can begin that knows what is there: at a record that was confirmed. */
  get knownOffset(): number | undefined {
    for (const [id, { offset }] of [...this.#records].toReversed()) if (this.#confirmed.has(id)) return offset;
    return undefined;
  }

  /** The reader of this life begins there. */
  reads(offset: number): void {
    this.#nextOffset = offset;
  }

  /** The reader of the stream has a record: they follow each other without a gap, and stay where they are. */
  record(offset: number, body: Uint8Array): void {
    const sent = this.#find('log', body);
    if (offset !== this.#nextOffset) this.#fault(`log has offset ${offset} in place of ${this.#nextOffset}`);
    this.#nextOffset = offset + 1;
    if (sent === undefined) return;
    const known = this.#records.get(sent.id) ?? { offset, life: 0 };
    if (known.offset !== offset) this.#fault(`${sent.id} is at offset ${offset}, and was at ${known.offset}`);
    known.life = this.life;
    this.#records.set(sent.id, known);
  }

  /** All queues are empty, and the stream was read in this life: whatever was confirmed must have come out of them. */
  settle(): void {
    for (const sent of this.#sent.values()) {
      const seen = (queue: QueueName): boolean => this.#stay(queue, sent.id).received > 0;
      const survived = (queue: QueueName): boolean => this.#stay(queue, sent.id).survived;
      if (this.#confirmed.has(sent.id)) {
        for (const queue of lastQueuesOf(sent)) {
          if (!seen(queue)) this.#fault(`${queue} lost ${sent.id}, which was confirmed`);
        }
        const isLost = sent.lane === 'log' && this.#records.get(sent.id)?.life !== this.life;
        if (isLost) this.#fault(`log lost ${sent.id}, which was confirmed`);
      }
      if (sent.lane !== 'tx') continue;
      const first = survived('left') || survived('moved');
      if (first && !seen('right')) this.#fault(`right lost ${sent.id}, of which left has the rest`);
      if (survived('right') && !seen('left')) this.#fault(`left lost ${sent.id}, of which right has the rest`);
    }
  }

  /** What was published there and is received as it was, in its order. */
  #find(queue: QueueName | 'log', body: Uint8Array): Sent | undefined {
    const id = idOf(body);
    const sent = this.#sent.get(id);
    const isHere = sent !== undefined && [sent.lane, ...queuesOf[sent.lane]].includes(queue);
    if (!isHere) {
      this.#fault(`${queue} has ${id}, which nobody published there`);
      return undefined;
    }
    if (!equal(body, sent.body)) this.#fault(`${queue} has ${id} with another body`);
    this.#checkOrder(queue, sent);
    return sent;
  }

  /** FIFO by queue and publishing channel, among messages of one priority. */
  #checkOrder(queue: QueueName | 'log', sent: Sent): void {
    const priority = sent.lane === 'urgent' ? priorityOf(sent) : 0;
    const line = `${queue} ${sent.lane} ${sent.life} ${priority}`;
    const before = this.#order.get(line) ?? 0;
    if (sent.sequence <= before) this.#fault(`${queue} has ${sent.id} behind number ${before}`);
    this.#order.set(line, sent.sequence);
  }

  /** After a crash a message is in the queue that it left or in the one that it went to, never in both. */
  #checkPlaces(sent: Sent): void {
    for (const [from, to] of Object.entries(nextQueues) as [QueueName, QueueName][]) {
      const [before, after] = [this.#stay(from, sent.id), this.#stay(to, sent.id)];
      const bothNow = before.lastLife === this.life && after.lastLife === this.life;
      if (bothNow && after.restored) this.#fault(`${sent.id} is in ${from} and in ${to}`);
    }
  }

  #stay(queue: QueueName, id: string): Stay {
    const key = `${queue} ${id}`;
    let stay = this.#stays.get(key);
    if (stay === undefined) {
      stay = { arrivals: 0, fresh: 0, received: 0, survived: false, left: false, lastLife: -1, restored: false };
      this.#stays.set(key, stay);
    }
    return stay;
  }

  #fault(text: string): void {
    this.faults.push(`life ${this.life}: ${text}`);
  }
}

function lastQueuesOf(sent: Sent): QueueName[] {
  switch (sent.lane) {
    case 'tx': return ['right', 'moved'];
    case 'source': return [isPoison(sent) ? 'dead' : 'source'];
    case 'letters': return [isPoison(sent) ? 'buried' : 'letters'];
    case 'log': return [];
    default: return [sent.lane];
  }
}

/** A message of so many bytes, that says which one it is and can be told from a damaged one. */
export function makeSent(lane: Lane, life: number, sequence: number, bytes: number): Sent {
  const id = `${lane}:${life}:${sequence}`;
  const head = new TextEncoder().encode(`${id};`);
  const body = new Uint8Array(head.length + bytes).fill(sequence % 251);
  body.set(head);
  return { id, lane, life, sequence, body };
}

function idOf(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, body.indexOf(';'.charCodeAt(0))));
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
