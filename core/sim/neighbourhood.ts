import type { Broker } from '../broker/broker.ts';
import type { Serve } from '../ports.ts';
import type { BrokerProcess } from './broker-process.ts';
import type { Chance } from './chance.ts';
import { Greedy } from './greedy.ts';
import { breakTheRules } from './illegal.ts';
import type { Model } from './model.ts';
import { Neighbour } from './neighbour.ts';
import type { Plan } from './plan.ts';
import { SimClient } from './sim-client.ts';
import type { SimLink } from './sim-network.ts';
import type { SimTime } from './sim-time.ts';
import { UNCUT_WORK_MAX } from './uncut-work.ts';
import { check } from './violation.ts';

/** How many messages of the neighbour are measured beside those who are greedy. */
const ASKED = 20;
/** Rounds of the broker's work within which each of them is confirmed, delivered and settled. */
const ROUNDS_MAX = 4;

interface World {
  readonly model: Model;
  readonly plan: Plan;
  readonly time: SimTime;
  process(): BrokerProcess | undefined;
  /** A sequence of its own. */
  chance(): Chance;
  /** Connects over a network at its best; tells the number of the connection, too. */
  open(serve: Serve, process: BrokerProcess): { link: SimLink; connection: number };
}

/** Somebody who is connected, and whom others must bear. */
interface Resident {
  readonly client: SimClient;
  readonly link: SimLink;
}

/** The neighbour, and what those around it do once the faults are over. */
export class Neighbourhood {
  readonly #world: World;
  #neighbour: Neighbour | undefined;
  /** The message of the neighbour that is on its way, by the broker's work when it was sent. */
  #askedAt: number | undefined;
  #asked = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** The neighbour, who loses its connection with the broker and for no other reason. */
  atWork(): Neighbour | undefined {
    const { process: running, time, open } = this.#world;
    const process = running();
    if (process === undefined) return undefined;
    const known = this.#neighbour;
    if (known?.process === process) {
      check(!known.client.ended, 'liveness', () => 'a client that broke no rule was hung up on');
      return known;
    }
    const client = new SimClient(time.clock, 0);
    this.#neighbour = new Neighbour({ client, process, ...open(client.serve, process) });
    return this.#neighbour;
  }

  /** The broker is gone. */
  lose(): void {
    this.#neighbour?.link.loseServer();
  }

  /** Others break the rules, hang up or do not read, and the neighbour works on as before. */
  async disturb(others: readonly Resident[]): Promise<void> {
    const { plan, time, model } = this.#world;
    const neighbour = plan.neighbour ? this.atWork() : undefined;
    if (neighbour === undefined) return;
    const chance = this.#world.chance();
    for (const { client, link } of others) {
      chance.pick([
        () => client.use(1, (channel) => breakTheRules(client, channel, chance, plan)),
        () => link.setClientReading(false),
        () => link.reset(),
        () => link.halfClose(),
      ])();
    }
    neighbour.publish('n', chance);
    const isServed = (): boolean => neighbour.isServed(model);
    await time.until(isServed, 'the work of a client that broke no rule');
    await this.#suffer(neighbour, chance);
    neighbour.client.close();
  }

  /** Others take what they can get, and the neighbour has its share. */
  async #suffer(neighbour: Neighbour, chance: Chance): Promise<void> {
    const { plan, time, open } = this.#world;
    const { process } = neighbour;
    const all = plan.greeds.map((greed, index) => {
      const greedy = new Greedy({
        clock: time.clock, chance, open: (serve) => open(serve, process).link,
      }, `g${index}`);
      greedy.start(greed);
      return greedy;
    });
    if (all.length === 0) return;
    this.#ask(neighbour);
    await time.until(() => this.#asked === ASKED, 'the share of a client beside greedy ones');
    for (const greedy of all) greedy.end();
  }

  #ask(neighbour: Neighbour): void {
    this.#askedAt = neighbour.process.broker.parties.work;
    neighbour.ask(`asked-${this.#asked}`);
  }

  /** Something was done: perhaps the neighbour has what it asked for. */
  look({ parties }: Broker): void {
    const { model, time } = this.#world;
    const neighbour = this.#neighbour;
    if (this.#askedAt === undefined || !neighbour!.isServed(model)) return;
    const spent = parties.work - this.#askedAt;
    this.#askedAt = undefined;
    // In each round somebody's step may be the largest there is, as the end of a connection.
    const most = ROUNDS_MAX * (parties.roundWork + UNCUT_WORK_MAX);
    check(spent <= most, 'fairness',
      () => `a client waited for ${spent} of work by others, in rounds of ${parties.roundWork}`);
    if (++this.#asked < ASKED) time.clock.setTimer(0, () => this.#ask(neighbour!));
  }
}
