/** What clients wrote to their consoles, each read from its beginning to its end. */
export class LogCursors {
  readonly #lines: { readonly client: string; readonly text: string }[] = [];
  readonly #read = new Map<string, number>();

  add({ client, text }: { readonly client: string; readonly text: string }): void {
    this.#lines.push({ client, text });
  }

  /** Index of the client's next line that has this text; undefined: there is none yet. */
  find(client: string, text: string): number | undefined {
    const from = this.#read.get(client) ?? 0;
    const index = this.#lines.findIndex((line, i) =>
      i >= from && line.client === client && line.text.includes(text));
    return index < 0 ? undefined : index;
  }

  /** The line that was found; the next search begins after it. */
  take(client: string, text: string): string {
    const index = this.find(client, text)!;
    this.#read.set(client, index + 1);
    return this.#lines[index]!.text;
  }

  /** The last lines, for whoever reads why something did not come. */
  get text(): string {
    return this.#lines.slice(-20).map(({ client, text }) => `  ${client}: ${text}`).join('\n');
  }
}
