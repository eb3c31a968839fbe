import { durabilityDefaults } from '../broker/durable/options.ts';
import { limits } from '../limits.ts';
import type { BrokerView } from './broker-view.ts';
import { heard } from './model-heard.ts';
import { said } from './model-said.ts';
import type { ModelChannel } from './model-channel.ts';
import { ModelConnection } from './model-connection.ts';
import { ModelManagement } from './model-management.ts';
import { Copy, NOT_YET, type ModelMessage } from './model-copy.ts';
import { ModelQueue } from './model-queue.ts';
import { NEIGHBOUR } from './neighbour.ts';
import { ModelStream, type StreamReader } from './model-stream.ts';
import { DELAYED, LATE, type Plan } from './plan.ts';
import type { WireMethod } from './strict-decoder.ts';
import { check } from './violation.ts';

interface Said {
  readonly connection: ModelConnection;
  readonly method: WireMethod;
}

/**
 * The broker as the specification has it: lists, and searches through all of them. It hears what
 * the broker hears and what the broker says, turn by turn. What must follow is checked; what the
 * broker may choose (when something expires, what a full queue drops) is read off its queues and
 * checked for being one of the choices.
 */
export class Model {
  readonly plan: Plan;
  readonly queues = new Map<string, ModelQueue>();
  readonly stream: ModelStream | undefined;
  readonly messages = new Map<string, ModelMessage>();
  readonly connections = new Map<number, ModelConnection>();
  readonly management = new ModelManagement(this);
  turn = 1;
  now = 0;
  /** What was added to the wall clock, each time that it was set. */
  readonly wallOffsets = [0];
  /** Publishes of this turn so far. */
  index = 0;
  #said: Said[] = [];
  #marked: Copy[] = [];
  /** Messages whose publishers were told in this turn that they may be lost. */
  refused: ModelMessage[] = [];
  /** Queues that were said to be empty in this turn. */
  emptied: ModelQueue[] = [];
  #looked = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    if (plan.stream !== undefined) this.stream = new ModelStream(plan.stream);
    for (const queue of plan.queues) {
      this.queues.set(queue.name, new ModelQueue(queue));
      if (queue.deadQueue === undefined) continue;
      const dead = { name: queue.deadQueue, deadQueue: undefined, arguments: {} };
      this.queues.set(dead.name, new ModelQueue(dead));
    }
    const rest = { deadQueue: undefined, arguments: {} };
    this.queues.set(LATE, new ModelQueue({ ...rest, name: LATE }));
    if (plan.neighbour) this.queues.set(NEIGHBOUR, new ModelQueue({ ...rest, name: NEIGHBOUR }));
    this.queues.set(DELAYED, new ModelQueue({ ...rest, name: DELAYED, deadQueue: LATE }));
  }

  get wall(): number {
    return this.now + this.wallOffsets.at(-1)!;
  }

  /** Whether dead letters may have to wait: to be read from the disk, or for a later turn. */
  get #lettersWait(): boolean {
    const { durability: { residentBytesMax }, turnWork } = this.plan;
    return residentBytesMax < durabilityDefaults.residentBytesMax || turnWork < limits.turnWork;
  }

  /** Sets out in the order in which dead letters travel: sources before their targets. */
  get sourcesFirst(): ModelQueue[] {
    return [...this.queues.values()].sort((a, b) =>
      Number(a.deadQueue === undefined) - Number(b.deadQueue === undefined));
  }

  /** A consumer of the stream, by its tag. */
  readerOf(consumerTag: string): StreamReader | undefined {
    const channels = [...this.connections.values()].flatMap((each) => [...each.channels.values()]);
    return channels.find(({ consumers }) => consumers.has(consumerTag))
      ?.consumers.get(consumerTag)?.reader;
  }

  /** Whether everybody who is connected has all answers and confirms. */
  get owesNothing(): boolean {
    return [...this.connections.values()].every(({ channels }) =>
      [...channels.values()].every(({ owed }) => owed === 0));
  }

  connect(id: number): void {
    this.connections.set(id, new ModelConnection(id));
  }

  /** The broker hears a method. */
  heard(id: number, method: WireMethod): void {
    const connection = this.connections.get(id);
    if (connection === undefined || connection.ending) return;
    heard(this, connection, method);
  }

  /** The broker says something; it is judged when the turn is over. */
  said(id: number, method: WireMethod): void {
    const connection = this.connections.get(id);
    if (connection !== undefined) this.#said.push({ connection, method });
  }

  /** Whether something was said that is not judged yet. */
  get hasSpoken(): boolean {
    return this.#said.length > 0;
  }

  /** The transport of a connection is gone. */
  ending(id: number): void {
    const connection = this.connections.get(id);
    if (connection !== undefined) this.endConnection(connection);
  }

  endConnection(connection: ModelConnection): void {
    connection.ending = true;
    for (const channel of connection.channels.values()) channel.end();
  }

  /** Everything of one turn was heard and said. */
  endTurn(now: number, view: BrokerView): void {
    this.now = now;
    const spoken = this.#said;
    this.#said = [];
    for (const { connection, method } of spoken) this.#noticeClose(connection, method);
    this.stream?.endTurn(view.stream!, this.wall);
    // What went to channels that end came back before it went to anybody else.
    const isEnding = ({ connection, method }: Said): boolean =>
      connection.channels.get(method.channel)?.ending === true;
    const inOrder = [...spoken.filter(isEnding), ...spoken.filter((each) => !isEnding(each))];
    for (const { connection, method } of inOrder) said(this, connection, method);
    this.#endChannels();
    this.stream?.checkOut(view.stream!.unacked);
    this.management.carryOut(view);
    for (const queue of this.sourcesFirst) this.#look(queue, view);
    for (const queue of this.queues.values()) queue.checkOrder(this.turn);
    this.#checkRefusals(view);
    this.#checkEmptied();
    this.management.endTurn();
    this.#mark(view);
    this.turn++;
    this.index = 0;
  }

  /** Adds a copy to a queue. */
  enqueue(
    queue: ModelQueue, message: ModelMessage, from: { source?: Copy; group?: object } = {},
  ): Copy {
    const index = from.source === undefined ? ++this.index : 0;
    const copy = new Copy(queue, message, {
      ...from, index, turn: this.turn, now: this.now, settings: this.wallOffsets.length,
    });
    // A dead letter may find its queue away.
    copy.doubtful = from.source !== undefined && this.management.unsteady === queue;
    queue.copies.push(copy);
    queue.grow(this.turn);
    this.#marked.push(copy);
    return copy;
  }

  /** The copy is its queue's no more. */
  remove(copy: Copy): void {
    copy.queue.remove(copy);
    copy.holder = undefined;
    this.#marked.push(copy);
  }

  /** A dead letter: it leaves its queue for the queue of the dead, if there is one. QUE-18. */
  die(copy: Copy): Copy | undefined {
    const { deadQueue } = copy.queue;
    this.remove(copy);
    if (deadQueue === undefined) return undefined;
    const target = this.queues.get(deadQueue)!;
    // Of a death that may not have been heard there is a letter already: it dies but once.
    const doubted = target.copies.find(({ source }) => source === copy);
    if (doubted !== undefined) target.drop(doubted);
    return this.enqueue(target, copy.message, { source: copy });
  }

  /** The dead letter is not there yet: its bytes lie in the journal alone, and are being read. */
  #postpone(letter: Copy): void {
    const source = letter.source!;
    letter.queue.drop(letter);
    source.queue.bringBack(source);
    source.state = 'dying';
    source.doubtful = letter.doubtful;
  }

  /** What was out comes back to its place. BAS-21. */
  giveBack(copy: Copy): void {
    copy.state = 'ready';
    copy.holder = undefined;
    copy.redelivered = true;
    copy.returned.push(NOT_YET);
    this.#marked.push(copy);
    copy.readySince = this.turn;
    copy.queue.grow(this.turn);
  }

  /** A dead letter that was seen before its death was: dies now, if it may. */
  findUnseenDeath(queue: ModelQueue, id: string): Copy | undefined {
    for (const source of this.queues.values()) {
      if (source.deadQueue !== queue.name) continue;
      const copy = source.find(id);
      if (copy?.holder?.ending === true) this.giveBack(copy);
      if (copy !== undefined && source.excuse(copy, this.now, this.turn) !== undefined) {
        return this.die(copy);
      }
    }
    return undefined;
  }

  /** Methods behind one that failed were not heard. Which one it was, only the queues can tell. */
  doubt(channel: ModelChannel): void {
    if (this.stream !== undefined) this.stream.doubtful = true;
    for (const { queue } of channel.consumers.values()) queue?.doubtConsumers();
    for (const copy of channel.moved) {
      if (copy.state === 'gone' && copy.settled === NOT_YET) this.#revive(copy);
      if (copy.state === 'ready') copy.doubtful = true;
    }
    channel.moved = [];
    channel.returns.length = 0;
  }

  #revive(copy: Copy): void {
    copy.queue.bringBack(copy);
    this.giveBack(copy);
  }

  #noticeClose(connection: ModelConnection, { channel, name }: WireMethod): void {
    if (name === 'connection.close') {
      for (const each of connection.channels.values()) this.doubt(each);
      this.endConnection(connection);
    }
    if (name !== 'channel.close') return;
    connection.deaf.add(channel);
    const closed = connection.channels.get(channel);
    if (closed === undefined) return;
    this.doubt(closed);
    closed.end();
  }

  #endChannels(): void {
    for (const [id, connection] of this.connections) {
      for (const [number, channel] of connection.channels) {
        this.#checkReturns(channel);
        channel.moved = [];
        if (!channel.ending) continue;
        for (const copy of channel.held) if (copy.holder === channel) this.giveBack(copy);
        for (const { reader } of channel.consumers.values()) {
          if (reader !== undefined) this.stream!.close(reader);
        }
        connection.channels.delete(number);
      }
      if (connection.ending) this.connections.delete(id);
    }
  }

  #checkReturns({ returns, ending, number }: ModelChannel): void {
    if (ending) return;
    check(returns.length === 0, 'return', () => `${returns[0]} did not come back on ${number}`);
  }

  /** Looks into a queue of the broker where there may be something to see. */
  #look(queue: ModelQueue, view: BrokerView): void {
    const { name } = queue;
    const unacked = view.unackedCount(name);
    check(unacked === queue.unackedCount, 'counters',
      () => `${name} counts ${unacked} unacknowledged, not ${queue.unackedCount}`);
    queue.checkLength(view, this.turn);
    const asExpected = view.readyCount(name) === queue.ready.length && !queue.hasDoubts &&
      !this.#isOwedLetters(queue) && this.management.unsteady === undefined;
    if (asExpected && ++this.#looked % 50 !== 0) return;
    this.resolve(queue, view);
  }

  /** Whether a dead letter may come in place of another one, so that counts say nothing. */
  #isOwedLetters({ name }: ModelQueue): boolean {
    return [...this.queues.values()].some(({ deadQueue, copies }) =>
      deadQueue === name && copies.some(({ state }) => state === 'dying'));
  }

  /** Makes the queue what it is with the broker, as far as there is an excuse. */
  resolve(queue: ModelQueue, view: BrokerView): void {
    const seen = view.ready(queue.name);
    for (const { id } of seen) if (queue.find(id) === undefined) this.findUnseenDeath(queue, id);
    const missing = queue.compare(seen);
    for (const copy of missing) this.#lose(copy);
  }

  /** A copy is gone, and nobody got it: there must be a reason. */
  #lose(copy: Copy): void {
    const { message, queue, doubtful } = copy;
    const excuse = queue.excuse(copy, this.now, this.turn);
    // Where the source is still there, its death was not heard.
    const died = copy.source?.state === 'gone';
    if (this.#lettersWait && died && copy.turn === this.turn) {
      this.#postpone(copy);
      return;
    }
    if (doubtful && (excuse === undefined || excuse === 'turned away')) {
      this.remove(copy);
      return;
    }
    check(excuse !== undefined, 'lost', () => `${copy.name} is gone, and nobody got it`);
    if (excuse !== 'dead') message.turnedAway = excuse === 'either' ? 'perhaps' : 'yes';
    check(message.turnedAway !== 'yes' || message.fate !== 'confirmed', 'confirm',
      () => `${copy.name} was confirmed, and the queue did not take it`);
    if (excuse === 'turned away') {
      this.remove(copy);
      return;
    }
    const deadLetter = this.die(copy);
    if (deadLetter !== undefined) deadLetter.doubtful ||= doubtful || excuse === 'either';
  }

  /** What waited all the time, and still does, was not to be hidden from a get. */
  #checkEmptied(): void {
    for (const queue of this.emptied) {
      const hidden = queue.ready.find(({ readySince }) => readySince < this.turn);
      check(hidden === undefined, 'hidden', () => `${hidden!.name} was hidden from basic.get`);
    }
    this.emptied = [];
  }

  #checkRefusals({ troubled }: BrokerView): void {
    for (const { id, turnedAway } of this.refused) {
      check(turnedAway !== 'no' || troubled, 'confirm', () => `${id} was refused for no reason`);
    }
    this.refused = [];
  }

  /** Notes where the journal is, and forgets what can no longer come back. */
  #mark(view: BrokerView): void {
    const { written, durable } = view;
    this.management.mark(view);
    for (const copy of this.#marked) {
      if (copy.arrived === NOT_YET) copy.arrived = written;
      if (copy.state === 'gone' && copy.settled === NOT_YET) copy.settled = written;
      copy.returned = copy.returned.map((mark) => mark === NOT_YET ? written : mark);
    }
    this.#marked = [];
    this.stream?.mark(written);
    for (const queue of this.queues.values()) {
      if (queue.lately.length === 0) continue;
      queue.lately = queue.lately.filter(({ settled }) => settled > durable);
    }
  }
}
