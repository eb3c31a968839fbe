/** How often things happened since the start; plain numbers, so that counting costs nothing. */
export class Counters {
  published = 0;
  /** Published, but no queue took it. */
  unroutable = 0;
  returned = 0;
  confirmed = 0;
  delivered = 0;
  got = 0;
  acknowledged = 0;
  redelivered = 0;
  deadLettered = 0;
  /** Of those that queues keep until their targets have them: those that are on disk there. */
  deadLetteredConfirmed = 0;
  /** Dead-lettered too often, and not once more. */
  deadLetterLimited = 0;
}
