import type { Broker } from '../broker/broker.ts';
import { sampleStats } from '../broker/stats.ts';
import type { Serve } from '../ports.ts';
import { BrokerProcess, makeBroker, type MakeBroker, type World } from './broker-process.ts';
import { ByteHash } from './byte-hash.ts';
import { Chance } from './chance.ts';
import { probeDamage } from './damage-probe.ts';
import { Model } from './model.ts';
import { ModelCrash } from './model-crash.ts';
import { LibraryClient } from './library-client.ts';
import { Neighbourhood } from './neighbourhood.ts';
import { drawMessages, manage, operate } from './operations.ts';
import { STREAM } from './model-stream.ts';
import { DELAYED, MANAGER, type OperationKind } from './plan.ts';
import { ProcessClock } from './process-clock.ts';
import type { Operation, Script } from './script.ts';
import { SimClient } from './sim-client.ts';
import { SimDisk } from './sim-disk.ts';
import { QUIET, SimLink, type NetworkManners } from './sim-network.ts';
import { SimTime } from './sim-time.ts';
import { Trace } from './trace.ts';
import { Twin } from './twin.ts';
import { UNCUT_WORK_MAX } from './uncut-work.ts';
import { check, Violation } from './violation.ts';
import { WatchedLink, type Observer } from './watched-link.ts';

/** How a run ended. */
export interface Outcome {
  readonly script: Script;
  /** Fingerprint of all bytes. */
  readonly hash: string;
  readonly turns: number;
  readonly restarts: number;
  readonly confirmed: number;
  readonly failure: Failure | undefined;
}

export interface Failure {
  /** Name of the check that found it, or `fault` where something was thrown. */
  readonly check: string;
  readonly text: string;
  /** What happened last, a line each. */
  readonly lastTurns: string;
}

interface Actor {
  client: SimClient;
  link: SimLink;
}

/** What happens to the world; where it happens to a connection, to that of the actor. */
type WorldAction = (
  chance: Chance, actor: Actor | undefined, operation: Operation,
) => void;

/** Bytes that clients send at once, and those that are read ahead of them. */
const TURN_BYTES_MAX = 300_000;
/** How far a wall clock is off that nobody looked after. */
const HOUR_MS = 3_600_000;
/** Pause before a start that failed is tried again. */
const RETRY_MS = 100;

/**
 * The production broker and production sessions on a virtual clock, network and disk, with a
 * model beside them that checks what they do. The same script gives the same run, octet for octet.
 */
export class Simulator implements Observer {
  readonly model: Model;
  readonly hash = new ByteHash();
  readonly trace = new Trace();
  readonly #script: Script;
  readonly #chance: Chance;
  readonly #time = new SimTime({
    isStarting: () => this.#starting !== undefined,
    endTurn: () => this.endTurn(),
  });
  readonly #disk: SimDisk;
  readonly #world: World;
  readonly #actors = new Map<number, Actor>();
  /** The clock of the process that runs or starts. */
  #life: ProcessClock | undefined;
  #process: BrokerProcess | undefined;
  #starting: Promise<void> | undefined;
  #library: LibraryClient | undefined;
  readonly #neighbourhood: Neighbourhood;
  #crash: ModelCrash | undefined;
  readonly #twin = new Twin();
  /** Those of damaged disks, which nothing else waits for. */
  readonly #probes: Promise<void>[] = [];
  #declared = false;
  #connections = 0;
  #restarts = -1;
  #healing = false;
  /** Whether the model was told of all that happened. */
  #judged = false;
  readonly #watches = new Set<WatchedLink>();

  constructor(script: Script, make: MakeBroker = makeBroker) {
    this.#script = script;
    const { seed, plan } = script;
    this.#chance = new Chance(seed ^ 0x5bd1e995);
    this.model = new Model(plan);
    const pace = { syncMs: plan.syncMs, otherMs: plan.writeMs };
    this.#disk = new SimDisk(new Chance(this.#chance.seed()), pace, plan.writeBytesMax);
    this.#world = {
      clock: this.#time.clock, disk: this.#disk, chance: new Chance(this.#chance.seed()), plan,
      makeBroker: make,
      afterTask: () => this.endTurn(),
      served: (broker) => this.#served(broker),
      turnEnded: (broker) => this.#turnEnded(broker),
      onFault: (fault) => this.#time.fail(fault),
    };
    this.#neighbourhood = new Neighbourhood({
      model: this.model, plan, time: this.#time, process: () => this.#process,
      chance: () => new Chance(this.#chance.seed()),
      open: (serve, process) => {
        const link = this.#link(serve, process, QUIET);
        return { link, connection: this.#connections };
      },
    });
  }

  get #troublemakers(): Actor[] {
    return [...this.#actors].filter(([number]) => number !== MANAGER).map(([, actor]) => actor);
  }

  async run(): Promise<Outcome> {
    let failure: Failure | undefined;
    try {
      await this.#play();
    } catch (error) {
      const known = error instanceof Violation ? error.check : 'fault';
      const text = error instanceof Error ? error.stack ?? error.message : String(error);
      failure = {
        check: known, text: known === 'fault' ? text : (error as Error).message,
        lastTurns: this.trace.table,
      };
    }
    const messages = [...this.model.messages.values()];
    return {
      script: this.#script,
      hash: this.hash.text,
      turns: this.model.turn,
      restarts: this.#restarts,
      confirmed: messages.filter(({ fate }) => fate === 'confirmed').length,
      failure,
    };
  }

  // Observer

  now(): number {
    return this.#time.now();
  }

  guard(work: () => void): void {
    this.#time.guard(work);
  }

  get #wallOffset(): number {
    return this.model.wallOffsets.at(-1)!;
  }

  endTurn(): void {
    const process = this.#process;
    if (process === undefined) return;
    // The share that somebody just had was all of the task that ends.
    const isJudged = this.#judged && !this.model.hasSpoken;
    this.#judged = false;
    if (!isJudged) this.#judge(process);
  }

  stirred(): void {
    this.#judged = false;
  }

  /** Somebody had a share of the broker's work: what it read of any link was read in that. */
  #served(broker: Broker): void {
    const process = this.#process;
    if (process?.broker !== broker) return;
    for (const watch of this.#watches) watch.hear();
    this.#judge(process);
    this.#judged = true;
  }

  #turnEnded({ turn: { spent, allowed } }: Broker): void {
    this.guard(() => check(spent <= allowed + UNCUT_WORK_MAX, 'budget',
      () => `a turn did ${spent} of work, and was to do ${allowed}`));
  }

  #judge(process: BrokerProcess): void {
    this.hash.addNumber(this.#time.now());
    this.guard(() => this.model.endTurn(this.#time.now(), process));
    this.guard(() => this.#checkMemory(process));
    this.guard(() => this.#neighbourhood.look(process.broker));
  }

  /** What the disk has as well does not pile up in memory, but for what came in one turn. */
  #checkMemory({ broker, failed }: BrokerProcess): void {
    // A disk that failed has nothing of what comes.
    if (failed) return;
    const { residentBytes } = broker.store;
    const bytesMax = 2 * this.#script.plan.durability.residentBytesMax + TURN_BYTES_MAX;
    check(residentBytes <= bytesMax, 'memory', () => `${residentBytes} B stay in memory`);
  }

  async #play(): Promise<void> {
    this.#start();
    await this.#time.finish(this.#starting!);
    const isWritten = (): boolean => this.#process!.durable >= this.#process!.written;
    await this.#time.until(isWritten, 'first declarations');
    this.#declared = true;
    const from = this.#time.now();
    for (const operation of this.#script.operations) {
      await this.#time.advanceTo(from + operation.at);
      this.#do(operation);
    }
    await this.#heal();
    await this.#drain();
    await this.#stop();
  }

  #do(operation: Operation): void {
    const { kind, actor: number, seed } = operation;
    this.trace.add(this.model.turn, this.now(), `actor ${number}`,
      `* ${kind} (operation ${operation.number})`);
    const special = this.#worldActions[kind];
    if (special !== undefined) {
      special(new Chance(seed), this.#actors.get(number), operation);
      return;
    }
    const actor = this.#actor(number);
    if (actor === undefined) return;
    const { plan } = this.#script;
    if (number === MANAGER) manage(plan, operation, actor.client);
    else operate(plan, operation, actor.client);
  }

  /** Operations that clients know nothing of. */
  readonly #worldActions: Partial<Record<OperationKind, WorldAction>> = {
    reset: (_chance, actor) => actor?.link.reset(),
    halfClose: (_chance, actor) => actor?.link.halfClose(),
    stopReading: (_chance, actor) => actor?.link.setClientReading(false),
    readOn: (_chance, actor) => actor?.link.setClientReading(true),
    kill: (chance) => this.#kill(false, chance.happens(0.3) ? 500 : chance.below(50)),
    losePower: (chance) => this.#kill(true, chance.happens(0.3) ? 500 : chance.below(50)),
    library: (chance, _actor, operation) => {
      const { plan } = this.#script;
      this.#library ??= this.#openLibrary(plan.queues[0]!.name, plan.prefetchMax);
      this.#library.publish(drawMessages(plan, operation, chance));
    },
    neighbour: (chance, _actor, { number }) =>
      this.#neighbourhood.atWork()?.publish(`n${number}`, chance),
    breakOff: (chance) => {
      const [power, isSync] = [chance.happens(0.5), chance.happens(0.5)];
      this.#disk.breakIn(chance.below(8), isSync, () => this.#kill(power, 10));
    },
    jumpClock: (chance) => {
      // Not far back, or what is delayed would take longer than all else.
      const jump = chance.pick([-1000, -100, 100, HOUR_MS]);
      this.model.wallOffsets.push(this.#wallOffset + jump);
    },
    slowDisk: () => void (this.#disk.pace.syncMs = 300),
    fastDisk: () => void (this.#disk.pace.syncMs = this.#script.plan.syncMs),
    fillDisk: () => void (this.#disk.memory.faults.full = true),
    freeDisk: () => void (this.#disk.memory.faults.full = false),
    failDisk: (chance) => {
      if (this.#process === undefined) return;
      this.#disk.memory.faults.syncError = 'the disk failed';
      this.#time.clock.setTimer(chance.below(500), () => {
        if (!this.#healing) this.#kill(true, 10);
      });
    },
    damageDisk: (chance) => {
      this.#probes.push(probeDamage(this.#disk.memory, chance, this.model));
      this.#time.background(this.#probes.at(-1)!);
    },
  };

  /** The actor with its connection, which is made where there is none. */
  #actor(number: number): Actor | undefined {
    const known = this.#actors.get(number);
    if (known !== undefined && !known.client.ended) return known;
    const process = this.#process;
    if (process === undefined) return undefined;
    known?.link.reset();
    const client = new SimClient(this.#time.clock, this.#chance.pick([4096, 0]));
    // What the manager sends at once arrives at once.
    const manners = number === MANAGER ? QUIET : this.#script.plan.manners;
    const actor = { client, link: this.#link(client.serve, process, manners) };
    this.#actors.set(number, actor);
    return actor;
  }

  #link(
    serve: Serve, process: BrokerProcess, usual: NetworkManners = this.#script.plan.manners,
  ): SimLink {
    const manners = this.#healing ? QUIET : usual;
    const watch = new WatchedLink(++this.#connections, this);
    const chance = new Chance(this.#chance.seed());
    this.#watches.add(watch);
    const { broker } = process;
    const link = new SimLink(this.#time.clock, chance, manners, watch, serve, broker.serve);
    const connection = [...broker.connections].at(-1)!;
    watch.heldBytes = () => connection.session.input.heldBytes;
    return link;
  }

  #openLibrary(queue: string, prefetch: number): LibraryClient {
    const { model } = this;
    const clock = new ProcessClock(this.#time.clock, () => {}, () => 0);
    return new LibraryClient({
      clock, chance: new Chance(this.#chance.seed()), model,
      open: (serve) => this.#process && this.#link(serve, this.#process),
      guard: (work) => this.guard(work),
    }, queue, prefetch);
  }

  #start(): void {
    if (this.#process !== undefined || this.#starting !== undefined) return;
    const clock = new ProcessClock(this.#time.clock, () => this.endTurn(), () => this.#wallOffset);
    this.#life = clock;
    this.#starting = this.#boot(clock).catch((error: unknown) => {
      if (clock.killed) return;
      if (error instanceof Violation) throw error;
      this.#starting = undefined;
      this.#life = undefined;
      // A disk without space is no place to start on, until there is some.
      if (!this.#disk.memory.faults.full) throw error;
      this.#time.clock.setTimer(RETRY_MS, () => this.#start());
    });
    this.#time.background(this.#starting);
  }

  async #boot(clock: ProcessClock): Promise<void> {
    const process = await BrokerProcess.start(this.#world, clock, (recovered) => {
      if (this.#declared) {
        recovered.checkDeclared(this.#script.plan, this.#crash?.mayBeGone ?? new Set());
      }
      this.model.now = this.now();
      this.#crash?.recovered(recovered);
      this.#twin.recovered(recovered, this.model);
      this.#process = recovered;
    });
    this.#restarts++;
    this.#starting = undefined;
    this.trace.add(this.model.turn, this.now(), 'broker', `started (${process.durable})`);
  }

  /** The process dies, and with the power goes what the disk had not synced. */
  #kill(power: boolean, downMs: number): void {
    if (this.#life === undefined) return;
    this.endTurn();
    this.#life.kill();
    this.#life = undefined;
    this.#starting = undefined;
    const process = this.#process;
    this.#process = undefined;
    // Who had not recovered yet owes what the one before had.
    if (process !== undefined) this.#crash = new ModelCrash(this.model, process.durable);
    this.trace.add(this.model.turn, this.now(), 'broker',
      `${power ? 'loses power' : 'is killed'}, durable to ${process?.durable}`);
    for (const { link } of this.#actors.values()) link.loseServer();
    this.#neighbourhood.lose();
    this.#library?.link?.loseServer();
    this.#disk.lose(power);
    this.#twin.killed(process, this.model);
    this.#time.clock.setTimer(downMs, () => this.#start());
  }

  /** All faults end, and whatever broke is started anew. */
  async #heal(): Promise<void> {
    this.#healing = true;
    this.trace.add(this.model.turn, this.now(), 'world', 'heals');
    this.#disk.memory.faults.full = false;
    this.#disk.memory.faults.syncError = undefined;
    this.#disk.pace.syncMs = 1;
    this.#disk.mend();
    if (this.#process?.failed === true) this.#kill(true, 0);
    const runs = (): boolean => this.#process !== undefined && this.#starting === undefined;
    await this.#time.until(runs, 'a start');
    await this.#neighbourhood.disturb(this.#troublemakers);
    for (const { link } of this.#actors.values()) {
      link.setManners(QUIET);
      link.setClientReading(true);
    }
    await this.#time.until(() => this.model.owesNothing, 'answers and confirms');
    for (const { client } of this.#actors.values()) if (!client.ended) client.close();
    this.#library?.link?.setManners(QUIET);
    const library = this.#library;
    if (library !== undefined) {
      await this.#time.until(() => library.pending.size === 0, 'what became of all messages');
      const queue = this.model.queues.get(this.#script.plan.queues[0]!.name)!;
      await this.#time.until(() => queue.isEmpty, 'deliveries to a client that connects again');
      library.close();
    }
    const isAlone = (): boolean => this.#process!.broker.connectionCount === 0;
    await this.#time.until(isAlone, 'closing of connections');
    this.#actors.clear();
    this.#checkCounts();
  }

  /** While nothing goes on, what the broker counts is what there is. */
  #checkCounts(): void {
    const { broker } = this.#process!;
    const { queues, stream } = this.model;
    const length = (stream?.records.length ?? 0) - (stream?.first ?? 0);
    let messages = length;
    for (const queue of broker.vhost().queues.values()) {
      const known = queues.get(queue.name);
      if (queue.name !== STREAM) messages += known?.ready.length ?? queue.readyCount;
      const bytes = known?.ready.reduce((sum, { message }) => sum + message.body.length, 0);
      check(bytes === undefined || bytes === queue.readyBytes, 'counters',
        () => `${queue.name} counts ${queue.readyBytes} B, not ${bytes}`);
      check(queue.unackedBytes === 0, 'counters',
        () => `${queue.name} counts ${queue.unackedBytes} B that are out, and nothing is`);
    }
    const { messagesReady, messagesUnacked, consumers } = sampleStats(broker);
    check(messagesReady === messages && messagesUnacked + consumers === 0, 'counters', () =>
      `${messagesReady} messages, ${messagesUnacked} out and ${consumers} consumers are counted, ` +
      `where ${messages} messages wait`);
  }

  /** Everything that waits is consumed: nothing that must be there is stuck. */
  async #drain(): Promise<void> {
    const actor = this.#actor(-1)!;
    const { client } = actor;
    client.onDelivery = ({ number }, deliveryTag) => {
      client.send(number, 'basic.ack', { deliveryTag });
    };
    client.use(1, () => {
      client.send(1, 'basic.qos', { prefetchCount: 10 });
      for (const { name } of this.model.queues.values()) {
        if (name === DELAYED) continue;
        client.send(1, 'basic.consume', { queue: name, consumerTag: `held-${name}` });
      }
      if (this.model.stream !== undefined) client.readStream(1, 'log-drain', 'first');
    });
    const isRead = (): boolean => this.model.stream === undefined ||
      this.model.readerOf('log-drain')?.atEnd === true;
    const empty = (): boolean => isRead() &&
      [...this.model.queues.values()].every(({ name, isEmpty }) =>
        isEmpty && this.#process!.readyCount(name) === 0);
    await this.#time.until(empty, 'draining');
    client.close();
    const { broker } = this.#process!;
    await this.#time.until(() => broker.connectionCount === 0, 'the last close');
    const { connections, channels, consumers, messagesUnacked } = sampleStats(broker);
    check(connections + channels + consumers + messagesUnacked === 0, 'leak', () =>
      `${connections} connections, ${channels} channels, ${consumers} consumers, ` +
      `${messagesUnacked} unacknowledged`);
  }

  /** A stop in good order leaves nothing behind, and the next start finds nothing to do. */
  async #stop(): Promise<void> {
    const { broker, clock } = this.#process!;
    // A broker that stops lets go of its queues, which is not for the model to see.
    this.#process = undefined;
    await this.#time.finish(broker.stop());
    check(broker.store.liveBytes === 0, 'leak', () => `${broker.store.liveBytes} B of messages`);
    check(clock.pending === 0, 'leak', () => `${clock.pending} timers`);
    this.#life = undefined;
    this.#disk.lose(false);
    this.#crash = undefined;
    this.#start();
    await this.#time.finish(this.#starting!);
    await this.#time.finish(Promise.all(this.#probes));
    const process = this.#process as BrokerProcess | undefined;
    for (const { name } of this.model.queues.values()) {
      const count = process!.readyCount(name);
      check(count === 0, 'recovery', () => `${count} messages came back in ${name}`);
    }
    this.model.now = this.now();
    this.model.stream?.endTurn(process!.stream!, this.model.wall);
  }
}
