/** What the broker tells of its storage: its event `journal.trouble`. */
interface Trouble {
  readonly kind: 'full' | 'space' | 'failed' | 'unreadable';
  readonly text: string;
}

/** What whoever uses the broker should know of its storage; undefined: all is well. */
export function describeTrouble({ kind, text }: Trouble): string | undefined {
  const reason = text.replace(/\.$/, '');
  switch (kind) {
    case 'space':
      return undefined;
    case 'full':
      return `Durable data wait for space, and so does who publishes: ${reason}.`;
    case 'failed':
      return `Nothing is made durable any more, and nobody may publish: ${reason}. ` +
        'A restart of the broker brings back what is durable.';
    case 'unreadable':
      return `Something durable cannot be read: ${reason}.`;
  }
}
