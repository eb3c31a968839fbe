// A consumer thread: it looks at frame headers, delivery tags and the timestamp in each body only.
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "load.h"

enum { NO_BODY = -1, TIMESTAMP_BYTES = 8 };

struct run {
  struct consumer *consumer;
  struct connection connection;
  struct bytes out;
  int64_t body_left;  // of the message that is arriving, or NO_BODY between two messages
  uint64_t delivery_tag;
  int unacked;
};

static void subscribe(struct run *run) {
  enum { NO_ACK_BIT = 2 };
  struct bytes *out = &run->out;
  char queue[NAME_BYTES_MAX];
  write_queue_name(queue, run->consumer->index % options.queues);
  if (options.prefetch) {
    size_t start = begin_method(out, 1, BASIC_QOS);
    put32(out, 0);
    put16(out, options.prefetch);
    put8(out, 0);
    end_frame(out, start);
  }
  size_t start = begin_method(out, 1, BASIC_CONSUME);
  put16(out, 0);
  put_short_string(out, queue);
  put_short_string(out, "");
  put8(out, options.ack_every ? 0 : NO_ACK_BIT);
  if (options.stream) put_text_table(out, "x-stream-offset", "first");
  else put32(out, 0);
  end_frame(out, start);
  flush(&run->connection, out);
}

static void put_ack(struct run *run, bool multiple) {
  size_t start = begin_method(&run->out, 1, BASIC_ACK);
  put64(&run->out, run->delivery_tag);
  put8(&run->out, multiple);
  end_frame(&run->out, start);
  run->unacked = 0;
}

static void take_body(struct run *run, const struct frame *frame, uint64_t time) {
  if (run->body_left == options.body_bytes && frame->length >= TIMESTAMP_BYTES) {
    uint64_t sent = get64(frame->payload);
    if (time > sent) histogram_add(&run->consumer->latency, time - sent);
  }
  run->body_left -= frame->length;
}

// Takes one frame; true if it completes a delivery.
static bool take_frame(struct run *run, const struct frame *frame, uint64_t time) {
  if (frame->type == HEADER_FRAME) {
    run->body_left = get64(frame->payload + 4);
  } else if (frame->type == BODY_FRAME) {
    take_body(run, frame, time);
  } else if (frame->method == BASIC_DELIVER) {
    run->delivery_tag = get64(frame->arguments + 1 + frame->arguments[0]);
    return false;
  } else if (frame->method == BASIC_CONSUME_OK) {
    if (options.publishers > 0) progress.ready++;
    return false;
  } else {
    check_not_closed(frame);
    return false;
  }
  if (run->body_left > 0) return false;
  run->body_left = NO_BODY;
  run->unacked++;
  if (options.ack_every && run->unacked >= options.ack_every) put_ack(run, options.ack_every > 1);
  return true;
}

static void consume_until_over(struct run *run) {
  while (!run_over) {
    ssize_t received = receive(&run->connection, 0);
    if (received == 0 && !run_over) fail("the broker hung up on a consumer");
    if (received <= 0) continue;
    uint64_t time = now(), deliveries = 0;
    struct frame frame;
    while (next_frame(&run->connection, &frame)) deliveries += take_frame(run, &frame, time);
    if (deliveries > 0) {
      note_latest(&progress.last_delivery, time);
      progress.delivered += deliveries;
    }
    bool last = progress.delivered >= progress.deliveries_expected;
    if (last && options.ack_every && run->unacked > 0) put_ack(run, true);
    if (run->out.length > 0) flush(&run->connection, &run->out);
  }
}

void *run_consumer(void *argument) {
  struct run run = {.consumer = argument, .body_left = NO_BODY};
  open_connection(&run.connection);
  // A drain begins when it is told to; any other load needs its consumers in place before it.
  if (options.publishers == 0) {
    progress.ready++;
    while (!progress.started) usleep(200);
  }
  subscribe(&run);
  struct timeval wake_up = {0, 200000};
  setsockopt(run.connection.socket, SOL_SOCKET, SO_RCVTIMEO, &wake_up, sizeof wake_up);
  consume_until_over(&run);
  close_connection(&run.connection);
  free(run.out.data);
  return NULL;
}
