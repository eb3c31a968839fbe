/**
 * The only globals that core may use: those that every JavaScript runtime has.
 * `setTimeout`, `clearTimeout` and `performance` are for clock/host-clock.ts alone (a tidy rule).
 */
declare class TextEncoder {
  encode(text?: string): Uint8Array;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array): string;
}
declare function setTimeout(run: () => void, delayMs?: number): unknown;
declare function clearTimeout(timer: unknown): void;
declare const performance: { now(): number };
