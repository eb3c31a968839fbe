/** Resolves in a task of its own: all microtasks that are under way are over by then. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}

/** Runs something in a task of its own. */
export function defer(run: () => void): void {
  void nextTask().then(run);
}
