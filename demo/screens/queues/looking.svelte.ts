import { throttleTime, type Observable } from 'rxjs';
import type { MessageView, QueueView } from '../../../core/management/index.ts';
import type { BrokerPort } from '../../port/broker-port.ts';
import { runPredicate } from '../../sandbox/predicate.ts';
import {
  arrange, LOOKED_MESSAGES, PAGE_MESSAGES, payloadBytes, peekAt, predicateInput, type Look,
  type MessageState, type SortKey,
} from './messages.ts';

/** The queue is looked at anew at most this often, in milliseconds of the wall. */
const LOOK_MS = 250;

/** What somebody looks at in a queue, and what of it they want to see. */
export class Looking {
  state: MessageState = $state('ready');
  /** Which thousand of the messages, and which page of those that fit. */
  block = $state(0);
  page = $state(0);
  text = $state('');
  /** A function that says of a message whether it is to be shown; '': all are. */
  code = $state('');
  sort: SortKey = $state('place');
  reversed = $state(false);
  /** Why nothing could be looked at. */
  failure = $state('');
  /** Why the function cannot be used, or on how many messages it failed. */
  codeFailure = $state('');
  queue: QueueView | undefined = $state.raw();
  looked: readonly MessageView[] = $state.raw([]);
  fitting: readonly MessageView[] = $state.raw([]);
  readonly shown = $derived(arrange(this.fitting, this.text, this.sort, this.reversed));
  readonly pages = $derived(Math.max(1, Math.ceil(this.shown.length / PAGE_MESSAGES)));
  readonly onPage = $derived.by(() => {
    const first = Math.min(this.page, this.pages - 1) * PAGE_MESSAGES;
    return this.shown.slice(first, first + PAGE_MESSAGES);
  });
  readonly #port: BrokerPort;
  #asking = false;
  #asked = false;
  /** The function that could not be used: it is not tried again until it is another one. */
  #brokenCode = '';

  constructor(port: BrokerPort) {
    this.#port = port;
  }

  /** Looks again whenever the broker may be another one. */
  follow(changes$: Observable<unknown>): () => void {
    const seen = changes$.pipe(throttleTime(LOOK_MS, undefined, { leading: true, trailing: true }))
      .subscribe(() => void this.again());
    return () => seen.unsubscribe();
  }

  /** Another part of the queue, or another queue: from its beginning. */
  restart(): void {
    this.block = 0;
    this.page = 0;
  }

  get total(): number {
    if (this.state === 'ready') return this.queue?.messages_ready ?? 0;
    if (this.state === 'unacked') return this.queue?.messages_unacknowledged ?? 0;
    return this.looked.length;
  }

  /** The newest are at the end of the queue. */
  get look(): Look {
    const { state, sort, reversed } = this;
    const skipped = this.block * LOOKED_MESSAGES;
    if (!reversed || sort !== 'place' || state === 'scheduled') return { state, from: skipped };
    const end = Math.max(0, this.total - skipped);
    const from = Math.max(0, end - LOOKED_MESSAGES);
    return { state, from, count: end - from };
  }

  /** One question at a time; what is asked meanwhile is asked after it. */
  async again(): Promise<void> {
    this.#asked = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#asked) {
      this.#asked = false;
      await this.#ask();
    }
    this.#asking = false;
  }

  async #ask(): Promise<void> {
    const { queue } = this;
    try {
      const searches = this.text !== '' || this.code !== '';
      const bytes = searches ? payloadBytes.searched : payloadBytes.shown;
      const looked = queue === undefined ? [] : await peekAt(this.#port, queue, this.look, bytes);
      const fitting = await this.#fit(looked);
      [this.looked, this.fitting, this.failure] = [looked, fitting, ''];
    } catch (error) {
      [this.looked, this.fitting, this.failure] = [[], [], (error as Error).message];
    }
  }

  /** The messages that the function wants; all, where it cannot be used. */
  async #fit(looked: readonly MessageView[]): Promise<readonly MessageView[]> {
    const code = this.code.trim();
    if (code === '') this.codeFailure = '';
    if (code === '' || code === this.#brokenCode) return looked;
    try {
      const { matches, failures, failure } =
        await runPredicate(code, looked.map(predicateInput));
      this.#brokenCode = '';
      this.codeFailure = failures === 0 ? ''
        : `It failed on ${failures} of ${looked.length}: ${failure}`;
      return looked.filter((_, i) => matches[i]);
    } catch (error) {
      this.#brokenCode = code;
      this.codeFailure = `Not used: ${(error as Error).message}`;
      return looked;
    }
  }
}
