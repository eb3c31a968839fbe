import { bridge } from './bridge.ts';
import { holdLife, isAlive, watchLife } from './life.ts';
import type { FromHost } from './line.ts';

const NO_LOCKS = 'There are no Web Locks for this site: choose another place for the broker.';

/** What the workers say to each other; the lives are locks that they hold. */
type Announcement =
  | { readonly kind: 'who leads' }
  | { readonly kind: 'leader'; readonly life: string }
  /** A follower brings a line, over the channel of this name. */
  | { readonly kind: 'line'; readonly id: string; readonly life: string };

/**
 * For browsers without SharedWorker: each tab has a worker, and the worker that holds a lock
 * serves the tabs of all others, which reach it through channels that are broadcast. So what goes
 * between them passes through no page, however busy. When the leader is gone, so are the
 * connections, and the next in the queue for the lock leads.
 */
export class Election {
  readonly #serve: (line: MessagePort) => void;
  readonly #channel: BroadcastChannel;
  readonly #life = holdLife();
  /** Lines of this worker's own page that wait for somebody to lead. */
  readonly #waiting: MessagePort[] = [];
  /** The life of who leads; that of this worker, where it does. */
  #leader: string | undefined;

  constructor(name: string, serve: (line: MessagePort) => void) {
    this.#serve = serve;
    this.#channel = new BroadcastChannel(`tabmq:election:${name}`);
    this.#channel.onmessage = ({ data }) => void this.#hear(data as Announcement);
    void this.#run(`tabmq:leader:${name}`);
  }

  /** Brings a line of this worker's own page to whoever leads, or will. */
  async join(line: MessagePort): Promise<void> {
    const life = await this.#life;
    if (life === undefined) return say(line, { kind: 'failed', text: NO_LOCKS });
    say(line, { kind: 'host', life });
    this.#waiting.push(line);
    void this.#bringAll();
  }

  async #run(lock: string): Promise<void> {
    if (await this.#life === undefined) return;
    void navigator.locks.request(lock, () => this.#lead());
    this.#say({ kind: 'who leads' });
  }

  /** Leads until this worker ends. */
  async #lead(): Promise<never> {
    this.#leader = await this.#life;
    this.#say({ kind: 'leader', life: this.#leader! });
    void this.#bringAll();
    return new Promise(() => {});
  }

  async #hear(announcement: Announcement): Promise<void> {
    const life = await this.#life;
    if (life === undefined) return;
    const leads = (): boolean => this.#leader === life;
    switch (announcement.kind) {
      case 'who leads':
        if (leads()) this.#say({ kind: 'leader', life });
        return;
      case 'leader':
        // What is said may be older than what is seen.
        if (await isAlive(announcement.life) && !leads()) this.#follow(announcement.life);
        return;
      case 'line':
        if (leads()) this.#serve(bridged(announcement.id, announcement.life));
    }
  }

  #follow(leader: string): void {
    this.#leader = leader;
    const forget = (): void => {
      if (this.#leader === leader) this.#leader = undefined;
    };
    watchLife(leader, forget, forget);
    void this.#bringAll();
  }

  async #bringAll(): Promise<void> {
    const life = await this.#life;
    const leader = this.#leader;
    if (life === undefined || leader === undefined) return;
    for (const line of this.#waiting.splice(0)) {
      if (leader === life) this.#serve(line);
      else this.#bring(line, life, leader);
    }
  }

  #bring(line: MessagePort, life: string, leader: string): void {
    // Before the leader itself says so: it may be gone already.
    say(line, { kind: 'host', life: leader });
    const id = crypto.randomUUID();
    bridge(line, { id, role: 'initiator', life: leader });
    this.#say({ kind: 'line', id, life });
  }

  #say(announcement: Announcement): void {
    this.#channel.postMessage(announcement);
  }
}

/** A line of another tab: this end of it. */
function bridged(id: string, life: string): MessagePort {
  const { port1, port2 } = new MessageChannel();
  bridge(port1, { id, role: 'acceptor', life });
  return port2;
}

function say(line: MessagePort, message: FromHost): void {
  line.postMessage(message);
}
