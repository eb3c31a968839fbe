/** Seeds that found a fault of the broker, or of the model, once, with what it was. */
export const regressions: readonly number[] = [
  // Deliveries from one queue counted against the limit of another one after a restart.
  779,
  // A dead letter left the memory again before the turn came to it.
  587_997_732,
  // The model lost what was settled in several steps and rolled back.
  626_207_621,
  // A queue's messages expired while it was recovered, before or after it was looked at: that depended on how many
  // steps of promises an asynchronous function takes, and so on how the code was bundled.
  1_089_381_918,
  // The model took one dead letter for another one, where both were read from the disk.
  1_500_284_920,
  // The model let consumers of one connection go in another order than their channels ended.
  148,
  // The model knew who was served though a channel had failed, and where a reader began though a publish had.
  1637, 1858,
  // The model had two dead letters of one message: of a death that was not heard, and of the one that came then.
  2_000_376_373,
  // A turn added to a stream's segment that was read before, and dropped it: memory was to let go of what was not kept.
  1_484_797_528,
  // A queue was away while the deletion and the declaration of it were in two turns, and the model thought them one.
  1_682_585_281,
  // What came on a connection behind its close put it in flow again, and left a timer.
  100_265,
  // The model took a transaction for absent because of a part of it that had expired.
  1_601_762_234,
  // A queue that was taken apart over turns still delivered to the consumers that were left at it.
  1_410_404_986,
];
