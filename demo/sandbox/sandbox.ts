import { sandboxPolicy } from './policy.ts';

/** What the page tells the iframe of the sandbox. */
export type ToFrame =
  | { readonly type: 'spawn'; readonly id: number; readonly name: string; readonly script: Blob }
  | { readonly type: 'end'; readonly id: number };

/**
 * Makes Workers that reach nothing but the port they are given: they are of an iframe with an
 * origin of its own (so no storage, and no way to this page) whose policy allows no request.
 */
class Sandbox {
  #frame: Promise<Window> | undefined;
  #last = 0;

  /**
   * Starts a classic Worker with the script, and hands it the port in its first message. Answers
   * how to end it at once.
   */
  spawn(name: string, script: Promise<string>, port: MessagePort): () => void {
    const id = ++this.#last;
    let ended = false;
    const begin = async (): Promise<void> => {
      const [frame, text] = await Promise.all([this.#frame ??= openFrame(), script]);
      if (ended) return;
      const blob = new Blob([text], { type: 'text/javascript' });
      tell(frame, { type: 'spawn', id, name, script: blob }, [port]);
    };
    void begin();
    return () => {
      ended = true;
      void this.#frame?.then((frame) => tell(frame, { type: 'end', id }));
    };
  }
}

/** The one of this page. */
export const sandbox = new Sandbox();

/** An opaque origin has no name, so there is none to address it by. */
function tell(frame: Window, message: ToFrame, transfer: Transferable[] = []): void {
  frame.postMessage(message, '*', transfer);
}

async function openFrame(): Promise<Window> {
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
  return frame.contentWindow!;
}
