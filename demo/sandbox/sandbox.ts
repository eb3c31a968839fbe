import type { FromFrame, ToFrame } from './frame-message.ts';
import { sandboxPolicy } from './policy.ts';

/** Tells in a sentence why there is no Worker. */
export type OnRefused = (text: string) => void;

/**
 * Makes Workers that reach nothing but the port they are given: they are of an iframe with an
 * origin of its own (so no storage, and no way to this page) whose policy allows no request.
 */
class Sandbox {
  #frame: Promise<Window> | undefined;
  #last = 0;
  /** Whom to tell of Workers that were asked for and have not ended. */
  readonly #onRefused = new Map<number, OnRefused>();

  /**
   * Starts a classic Worker with the script, and hands it the port in its first message. Answers
   * how to end it at once; after that nobody is told of it any more.
   */
  spawn(
    name: string, script: Promise<string>, port: MessagePort, onRefused: OnRefused,
  ): () => void {
    const id = ++this.#last;
    this.#onRefused.set(id, onRefused);
    const begin = async (): Promise<void> => {
      const [frame, text] = await Promise.all([this.#open(), script]);
      if (!this.#onRefused.has(id)) return;
      const blob = new Blob([text], { type: 'text/javascript' });
      tell(frame, { type: 'spawn', id, name, script: blob }, [port]);
    };
    begin().catch((error: unknown) => this.#refuse(id, (error as Error).message));
    return () => {
      this.#onRefused.delete(id);
      this.#frame?.then((frame) => tell(frame, { type: 'end', id }), () => {});
    };
  }

  /** Whoever comes after a failure tries again. */
  #open(): Promise<Window> {
    this.#frame ??= openFrame(({ id, text }) => this.#refuse(id, text)).catch((error: unknown) => {
      this.#frame = undefined;
      throw error;
    });
    return this.#frame;
  }

  #refuse(id: number, reason: string): void {
    this.#onRefused.get(id)?.(`The sandbox could not be made: ${reason.replace(/\.$/, '')}. ` +
      'Try again, or load the page again.');
    this.#onRefused.delete(id);
  }
}

/** The one of this page. */
export const sandbox = new Sandbox();

/** An opaque origin has no name, so there is none to address it by. */
function tell(frame: Window, message: ToFrame, transfer: Transferable[] = []): void {
  frame.postMessage(message, '*', transfer);
}

async function openFrame(onMessage: (message: FromFrame) => void): Promise<Window> {
  const { default: script } = await import('./frame.ts?script');
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.title = 'Sandbox of the clients';
  frame.hidden = true;
  // The policy stands behind the script, so that it does not apply to that.
  frame.srcdoc = `<!doctype html><script>${script}</script>`
    + `<meta http-equiv="Content-Security-Policy" content="${sandboxPolicy}">`;
  document.body.append(frame);
  await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
  const opened = frame.contentWindow!;
  addEventListener('message', ({ data, source }: MessageEvent<FromFrame>) => {
    if (source === opened) onMessage(data);
  });
  return opened;
}
