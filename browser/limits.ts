/** The bounds that exist only in browsers, with their reasons. */
export const browserLimits = {
  /** Time between two looks at what a WebSocket has not sent yet, as no event tells. */
  drainCheckMs: 10,
} as const;
