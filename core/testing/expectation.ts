/** Checks for the published suites, which must not depend on anybody's test runner. */
export function check(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`expected ${what}`);
}

/** Checks two plain values for equality, member by member. */
export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  const [is, shouldBe] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(is === shouldBe, `${what} to be ${shouldBe}, and not ${is}`);
}

export async function checkRejects(promise: unknown, what: string): Promise<void> {
  let rejected = false;
  try {
    await promise;
  } catch {
    rejected = true;
  }
  check(rejected, `${what} to fail`);
}
