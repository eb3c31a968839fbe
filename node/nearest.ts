/** The one of these names that is nearest to a misspelt one, if any is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  // A third of the letters wrong is another word.
  let bestDistance = Math.ceil(name.length / 3);
  for (const each of names) {
    const distance = distanceOf(name, each);
    if (distance > bestDistance || (distance === bestDistance && best !== undefined)) continue;
    best = each;
    bestDistance = distance;
  }
  return best;
}

/** How many letters are to be put in, taken out or replaced. [Levenshtein] */
function distanceOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let at = 1; at <= from.length; at++) {
    const next = [at];
    for (let column = 1; column <= to.length; column++) {
      const replaced = row[column - 1]! + (from[at - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
