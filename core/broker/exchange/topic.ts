import { assert } from '../../assert.ts';
import { Destinations } from './destinations.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';

/** A node of the trie: it stands for the first words of binding keys. */
class Node<D> {
  /** The way by a word of its own: `*` and `#` have theirs below. */
  readonly words = new Map<string, Node<D>>();
  /** The way by `*`. */
  star: Node<D> | undefined;
  /** The way by `#`. */
  hash: Node<D> | undefined;
  /** Whether the way here ends with `#`, so that any words more lead here too. */
  readonly repeats: boolean;
  /** Where the bindings lead whose keys end here. */
  readonly destinations = new Destinations<D>();
  /** The step of a match that was here last. */
  step = 0;

  constructor(repeats: boolean) {
    this.repeats = repeats;
  }

  get isEmpty(): boolean {
    return this.words.size === 0 && this.star === undefined && this.hash === undefined
      && this.destinations.isEmpty;
  }

  next(word: string): Node<D> | undefined {
    if (word === '*') return this.star;
    return word === '#' ? this.hash : this.words.get(word);
  }

  grow(word: string): Node<D> {
    const node = new Node<D>(word === '#');
    if (word === '*') this.star = node;
    else if (word === '#') this.hash = node;
    else this.words.set(word, node);
    return node;
  }

  prune(word: string): void {
    if (word === '*') this.star = undefined;
    else if (word === '#') this.hash = undefined;
    else this.words.delete(word);
  }
}

/**
 * A message goes where the words of its routing key fit those of a binding key: `*` stands for one
 * word and `#` for any number of them. TYP-03.
 *
 * The trie is run as an automaton that is in several nodes at once. After each word of the routing
 * key it is in no node twice, so keys such as `#.#.#.#` cost no more than their length, and
 * bindings that do not match cost nothing but where they share words with one that does.
 */
export class TopicMatcher<D> implements Matcher<D> {
  readonly keyOnly = true;
  /** Nodes that all matches so far have been in: what they have cost. */
  nodesVisited = 0;
  readonly #root = new Node<D>(false);
  #step = 0;

  check(): void {
    // Any key will do: the limit on `#` of newer brokers guards against a cost that is not ours.
  }

  add({ routingKey, destination }: Binding<D>): void {
    let node = this.#root;
    for (const word of wordsOf(routingKey)) node = node.next(word) ?? node.grow(word);
    node.destinations.add(destination);
  }

  remove({ routingKey, destination }: Binding<D>): void {
    const words = wordsOf(routingKey);
    const path = [this.#root];
    for (const word of words) {
      const node = path.at(-1)!.next(word);
      assert(node !== undefined, 'a binding that goes was there');
      path.push(node);
    }
    path.at(-1)!.destinations.remove(destination);
    for (let i = words.length; i > 0 && path[i]!.isEmpty; i--) path[i - 1]!.prune(words[i - 1]!);
  }

  match(_message: Routable, routingKey: string, found: (destination: D) => void): void {
    let nodes: Node<D>[] = [];
    this.#step++;
    this.#enter(this.#root, nodes);
    for (const word of wordsOf(routingKey)) {
      const after: Node<D>[] = [];
      this.#step++;
      for (const node of nodes) {
        if (node.repeats) this.#enter(node, after);
        this.#enter(node.words.get(word), after);
        this.#enter(node.star, after);
      }
      nodes = after;
    }
    for (const { destinations } of nodes) destinations.report(found);
  }

  /** Adds a node, and those that `#` leads on to without a word, unless it is there already. */
  #enter(start: Node<D> | undefined, nodes: Node<D>[]): void {
    let node = start;
    while (node !== undefined && node.step !== this.#step) {
      node.step = this.#step;
      this.nodesVisited++;
      nodes.push(node);
      node = node.hash;
    }
  }
}

/** An empty key has no words, as in RabbitMQ: `#` fits it and `*` does not. */
function wordsOf(key: string): string[] {
  return key === '' ? [] : key.split('.');
}
