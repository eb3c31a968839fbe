/** A seed of its own for each name. */
export function seedOf(seed: number, name: string): number {
  let mixed = seed >>> 0;
  for (const character of name) mixed = Math.imul(mixed ^ character.codePointAt(0)!, 0x0100_0193);
  return mixed >>> 0;
}
