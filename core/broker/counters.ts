/** How often things happened since the start; plain numbers, so that counting costs nothing. */
export class Counters {
  published = 0;
  /** Published by channels that want confirms. */
  publishedForConfirm = 0;
  /** Published, but no queue took it. */
  unroutable = 0;
  /** Of those: not mandatory, so that nobody hears of it. */
  dropped = 0;
  returned = 0;
  confirmed = 0;
  deadLettered = 0;
  /** Of those that queues keep until their targets have them: those that are on disk there. */
  deadLetteredConfirmed = 0;
  /** Dead-lettered too often, and not once more. */
  deadLetterLimited = 0;

  add(other: Counters): void {
    for (const name of Object.keys(this) as (keyof Omit<Counters, 'add'>)[]) {
      this[name] += other[name];
    }
  }
}

/** What a consumer was given. */
export interface ConsumerCounts {
  readonly noAck: boolean;
  readonly deliveredCount: number;
  readonly redeliveredCount: number;
}

/** What went out of a queue since it was made; or out of it to one channel. */
export class DeliveryCounters {
  /** Sent to consumers. */
  delivered = 0;
  /** Of those: to consumers without acknowledgements. */
  deliveredNoAck = 0;
  /** Fetched by basic.get. */
  got = 0;
  /** Of those: without acknowledgement. */
  gotNoAck = 0;
  /** How often basic.get found nothing. */
  gotNothing = 0;
  acknowledged = 0;
  /** Of those that were sent or fetched: not for the first time. */
  redelivered = 0;

  clear(): void {
    this.delivered = this.deliveredNoAck = this.got = this.gotNoAck = this.gotNothing = 0;
    this.acknowledged = this.redelivered = 0;
  }

  /** Adds what a consumer was given. */
  addConsumer(consumer: ConsumerCounts): void {
    this.delivered += consumer.deliveredCount;
    if (consumer.noAck) this.deliveredNoAck += consumer.deliveredCount;
    this.redelivered += consumer.redeliveredCount;
  }

  add(other: DeliveryCounters): void {
    this.delivered += other.delivered;
    this.deliveredNoAck += other.deliveredNoAck;
    this.got += other.got;
    this.gotNoAck += other.gotNoAck;
    this.gotNothing += other.gotNothing;
    this.acknowledged += other.acknowledged;
    this.redelivered += other.redelivered;
  }
}

/** What came to an exchange since it was made; or to it from one channel. */
export class PublishCounters {
  published = 0;
  /** Copies of those that queues were given. */
  routed = 0;
  returned = 0;
  dropped = 0;
  confirmed = 0;

  add(other: PublishCounters): void {
    this.published += other.published;
    this.routed += other.routed;
    this.returned += other.returned;
    this.dropped += other.dropped;
    this.confirmed += other.confirmed;
  }
}

/** What went over connections. */
export class Traffic {
  receivedBytes = 0;
  /** Chunks in which it came. */
  receivedChunks = 0;
  sentBytes = 0;
  /** Batches in which it was sent. */
  sentBatches = 0;

  add(other: Traffic): void {
    this.receivedBytes += other.receivedBytes;
    this.receivedChunks += other.receivedChunks;
    this.sentBytes += other.sentBytes;
    this.sentBatches += other.sentBatches;
  }
}

/** What came and went in a broker since its start. */
export class Churn {
  connectionsOpened = 0;
  connectionsClosed = 0;
  channelsOpened = 0;
  channelsClosed = 0;
  /** Declared, whether they were there or not. */
  queuesDeclared = 0;
  queuesCreated = 0;
  queuesDeleted = 0;
}
