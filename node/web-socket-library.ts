import { createRequire } from 'node:module';
import type * as library from 'ws';

const require = createRequire(import.meta.url);

/** The library `ws`, which is loaded when the first WebSocket is: most programs open none. */
export function webSocketLibrary(): typeof library {
  return require('ws') as typeof library;
}
