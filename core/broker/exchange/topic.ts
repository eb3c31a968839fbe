import { assert } from '../../assert.ts';
import { Destinations } from './destinations.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';
import { beginsWithWord, commonPrefixEnd, TopicNode, wordEnd } from './topic-node.ts';

/**
 * A message goes where the words of its routing key fit those of a binding key: `*` stands for one
 * word and `#` for any number of them. TYP-03.
 *
 * The trie is run as an automaton that is at several places at once, each before a word of a
 * binding key or at its end. After each word of the routing key it is at no place twice, so keys
 * such as `#.#.#.#` cost no more than their length, and bindings that do not match cost nothing but
 * where they share words with one that does.
 */
export class TopicMatcher<D> implements Matcher<D> {
  readonly keyOnly = true;
  /** Places that all matches so far have been at: what they have cost. */
  nodesVisited = 0;
  readonly #root = new TopicNode<D>('');
  #step = 0;

  check(): void {
    // Any key will do: the limit on `#` of newer brokers guards against a cost that is not ours.
  }

  add({ routingKey, destination }: Binding<D>): void {
    const node = this.#grow(routingKey);
    node.destinations ??= new Destinations();
    node.destinations.add(destination);
  }

  remove({ routingKey, destination }: Binding<D>): void {
    const path = this.#pathTo(routingKey);
    const node = path.at(-1)!;
    assert(node.destinations !== undefined, 'a binding that goes was there');
    node.destinations.remove(destination);
    if (!node.destinations.isEmpty) return;
    node.destinations = undefined;
    const [above, parent] = [path.at(-3), path.at(-2)];
    if (parent === undefined) return;
    if (node.isEmpty) parent.drop(node);
    else parent.joinOnlyChild(node);
    if (above !== undefined) above.joinOnlyChild(parent);
  }

  match(_message: Routable, routingKey: string, found: (destination: D) => void): void {
    let places = new Places<D>();
    this.#enter(this.#root, this.#root.end, places);
    if (routingKey !== '') {
      for (const word of routingKey.split('.')) {
        const after = new Places<D>();
        this.#step++;
        for (let i = 0; i < places.nodes.length; i++) {
          this.#follow(word, places.nodes[i]!, places.offsets[i]!, after);
        }
        places = after;
      }
    }
    for (let i = 0; i < places.nodes.length; i++) {
      const node = places.nodes[i]!;
      if (places.offsets[i] === node.end) node.destinations?.report(found);
    }
    this.#step++;
  }

  /** Goes on over one word of the routing key. */
  #follow(word: string, node: TopicNode<D>, offset: number, after: Places<D>): void {
    if (offset === node.end) {
      this.#enterChild(node.children?.get(word), after);
      if (word !== '*') this.#enterChild(node.children?.get('*'), after);
      return;
    }
    const { words } = node;
    if (beginsWithWord(words, offset, '#')) this.#enter(node, offset, after);
    else if (beginsWithWord(words, offset, '*') || beginsWithWord(words, offset, word)) {
      this.#enter(node, wordEnd(words, offset) + 1, after);
    }
  }

  #enterChild(child: TopicNode<D> | undefined, after: Places<D>): void {
    // The way by `#` was entered with its parent.
    if (child === undefined || beginsWithWord(child.words, 0, '#')) return;
    this.#enter(child, wordEnd(child.words, 0) + 1, after);
  }

  /** Adds a place, and those that `#` leads on to without a word, unless it is there already. */
  #enter(node: TopicNode<D>, offset: number, places: Places<D>): void {
    let at: TopicNode<D> | undefined = node;
    let from = offset;
    while (at !== undefined && at.visit(this.#step, from)) {
      this.nodesVisited++;
      places.add(at, from);
      if (from === at.end) {
        at = at.children?.get('#');
        from = 0;
      } else if (beginsWithWord(at.words, from, '#')) {
        from = wordEnd(at.words, from) + 1;
      } else {
        return;
      }
    }
  }

  /** The node at the end of this key, made where there is none. */
  #grow(key: string): TopicNode<D> {
    let node = this.#root;
    for (let offset = 0; offset < keyEnd(key);) {
      const child = node.children?.get(key.slice(offset, wordEnd(key, offset)));
      if (child === undefined) return node.add(new TopicNode<D>(key.slice(offset)));
      const shared = commonPrefixEnd(child.words, key, offset);
      if (shared < child.end) node.split(child, shared);
      node = node.children!.get(key.slice(offset, wordEnd(key, offset)))!;
      offset += shared;
    }
    return node;
  }

  /** The nodes on the way to the end of a key that is there. */
  #pathTo(key: string): TopicNode<D>[] {
    const path = [this.#root];
    for (let offset = 0; offset < keyEnd(key);) {
      const child = path.at(-1)!.children?.get(key.slice(offset, wordEnd(key, offset)));
      assert(child !== undefined, 'a binding that goes was there');
      path.push(child);
      offset += child.end;
    }
    return path;
  }
}

/** Where the automaton is: before the word at an offset of a node, or at its end. */
class Places<D> {
  readonly nodes: TopicNode<D>[] = [];
  readonly offsets: number[] = [];

  add(node: TopicNode<D>, offset: number): void {
    this.nodes.push(node);
    this.offsets.push(offset);
  }
}

/** An empty key has no words, as in RabbitMQ: `#` fits it and `*` does not. */
function keyEnd(key: string): number {
  return key === '' ? 0 : key.length + 1;
}
