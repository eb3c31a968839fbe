import type { Destinations } from './destinations.ts';

/**
 * A node of the trie of a topic exchange, with the words that lead to it from the node before. Many
 * words may: only where keys part there are two nodes, so a long key costs little more than itself.
 */
export class TopicNode<D> {
  /** One word at least, but for the root, as they stand in the key. */
  words: string;
  /** By the first of their words. */
  children: Map<string, TopicNode<D>> | undefined;
  /** Where the bindings lead whose keys end here. */
  destinations: Destinations<D> | undefined;
  /** The step of a match that was here last, and at which offsets. */
  #step = -1;
  #offset = 0;
  #otherOffsets: Set<number> | undefined;

  constructor(words: string) {
    this.words = words;
  }

  /** The offset behind the last word. */
  get end(): number {
    return this.words.length + 1;
  }

  get isEmpty(): boolean {
    return this.children === undefined && this.destinations === undefined;
  }

  /** Whether the step was not at this offset before. */
  visit(step: number, offset: number): boolean {
    if (this.#step !== step) {
      this.#step = step;
      this.#offset = offset;
      this.#otherOffsets = undefined;
      return true;
    }
    if (this.#offset === offset || this.#otherOffsets?.has(offset) === true) return false;
    // Only a key with `#` in it has a step at several of its words.
    (this.#otherOffsets ??= new Set()).add(offset);
    return true;
  }

  add(child: TopicNode<D>): TopicNode<D> {
    (this.children ??= new Map()).set(firstWord(child.words), child);
    return child;
  }

  drop(child: TopicNode<D>): void {
    this.children!.delete(firstWord(child.words));
    if (this.children!.size === 0) this.children = undefined;
  }

  /** Puts a node between this one and a child, before the word at this offset of the child. */
  split(child: TopicNode<D>, offset: number): void {
    const between = new TopicNode<D>(child.words.slice(0, offset - 1));
    child.words = child.words.slice(offset);
    between.add(child);
    this.add(between);
  }

  /** Where nothing ends at a child and one way leads on from it, both become one. */
  joinOnlyChild(child: TopicNode<D>): void {
    if (child.destinations !== undefined || child.children?.size !== 1) return;
    const [below] = child.children.values();
    below!.words = `${child.words}.${below!.words}`;
    this.add(below!);
  }
}

/** Where the word ends that begins at this offset. */
export function wordEnd(words: string, offset: number): number {
  const dot = words.indexOf('.', offset);
  return dot === -1 ? words.length : dot;
}

/** Whether the word at this offset is this one. */
export function beginsWithWord(words: string, offset: number, word: string): boolean {
  const end = offset + word.length;
  return words.startsWith(word, offset) && (end === words.length || words[end] === '.');
}

/** The offset in `words` behind the last of those that it begins with as `key` does at `from`. */
export function commonPrefixEnd(words: string, key: string, from: number): number {
  let offset = 0;
  while (offset <= words.length && from + offset <= key.length) {
    const end = wordEnd(words, offset);
    if (end + from !== wordEnd(key, from + offset)) break;
    if (!key.startsWith(words.slice(offset, end), from + offset)) break;
    offset = end + 1;
  }
  return offset;
}

function firstWord(words: string): string {
  return words.slice(0, wordEnd(words, 0));
}
