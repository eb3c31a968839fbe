import { sandboxPolicy } from './policy.ts';

/**
 * What the policy of the sandbox leaves open and the order of the world does not: other Workers,
 * which would have real time, and a channel to the other clients that goes round the broker.
 */
const sideDoors = ['Worker', 'BroadcastChannel'] as const;

export function withoutSideDoors(): void {
  for (const name of sideDoors) Reflect.deleteProperty(globalThis, name);
}

/** Writes to the console what the policy refused, as not every refusal throws. */
export function tellViolations(): void {
  addEventListener('securitypolicyviolation', (event) => {
    // The policy of the page refuses most of it as well: once is enough.
    if (event.originalPolicy !== sandboxPolicy) return;
    console.error(`The sandbox has no network and no eval: it refused ${event.blockedURI}`
      + ` (${event.effectiveDirective}).`);
  });
}
