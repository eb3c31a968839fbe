/** How observations wait for what a WebSocket does, and for what it throws. */

export function event<E extends Event = Event>(socket: WebSocket, type: string): Promise<E> {
  return new Promise((resolve) => {
    socket.addEventListener(type, (event) => resolve(event as E), { once: true });
  });
}

export async function opened(url: string, protocols?: string | string[]): Promise<WebSocket> {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = 'arraybuffer';
  await event(socket, 'open');
  return socket;
}

/** The name of the error that a call throws. */
export function thrown(run: () => unknown): string {
  try {
    run();
    return 'nothing';
  } catch (error) {
    return `${(error as Error).constructor.name} ${(error as Error).name}`;
  }
}
