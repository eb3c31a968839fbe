/** What the page tells the iframe of the sandbox. */
export type ToFrame =
  | { readonly type: 'spawn'; readonly id: number; readonly name: string; readonly script: Blob }
  | { readonly type: 'end'; readonly id: number };

/** What the iframe tells the page: the browser made no Worker of a script. */
export interface FromFrame {
  readonly type: 'refused';
  readonly id: number;
  readonly text: string;
}
