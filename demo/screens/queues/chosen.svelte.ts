/** The messages that somebody chose, by id. */
export class Chosen {
  #ids: ReadonlySet<string> = $state.raw(new Set());

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  toggle(id: string): void {
    this.setAll([id], !this.has(id));
  }

  setAll(ids: readonly string[], chosen: boolean): void {
    const next = new Set(this.#ids);
    for (const id of ids) {
      if (chosen) next.add(id);
      else next.delete(id);
    }
    this.#ids = next;
  }

  clear(): void {
    this.#ids = new Set();
  }
}
