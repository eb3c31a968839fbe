import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Client suites start a gateway each; more at a time only makes small machines wait.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Of a run that nobody watches, the end tells what passed only when it was tried again.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    // What a busy machine has not shown within the usual second, it may still show.
    expect: { poll: { timeout: 30_000 } },
    coverage: {
      provider: 'v8',
      include: ['browser/**/*.ts', 'core/**/*.ts', 'node/**/*.ts'],
      exclude: ['**/*.d.ts'],
      reporter: ['text', 'lcov'],
      reportsDirectory: 'coverage',
    },
  },
});
