/** Acceptance suites for whoever implements a port, and stand-ins that can fail. */
export { runJournalTests, type JournalStore, type JournalSuite } from './journal-suite.ts';
export { MemoryDisk, type DiskFaults } from './memory-disk.ts';
