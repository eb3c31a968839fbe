// A publisher thread. It encodes a block of messages once and sends slices of it over and over,
// patching only the timestamp at the head of each body, so that it costs far less than a broker.
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum {
  BLOCK_MESSAGES_MAX = 4096,
  BLOCK_BYTES_MIN = 65536,
  SEND_BYTES_MAX = 65536,
  MANY_BINDINGS = 100,
  MANY_BINDINGS_MESSAGES_MIN = 2048,
  TIMESTAMP_BYTES = 8,
};

// The confirms seen, as a ring over the outstanding delivery tags: they may come out of order.
struct confirms {
  uint8_t *seen;
  uint64_t mask;
  uint64_t lowest_outstanding;
  uint64_t count;
};

struct block {
  struct bytes bytes;
  size_t offsets[BLOCK_MESSAGES_MAX + 1];
  size_t timestamps[BLOCK_MESSAGES_MAX];
  size_t messages;
};

struct run {
  struct connection connection;
  struct confirms confirms;
  struct block block;
  size_t position;  // of the next message within the block
  uint64_t total, sent;
  uint64_t start;   // nanoseconds
  double interval;  // nanoseconds between two messages at a fixed rate, else 0
};

static void encode_block(struct block *block, int index) {
  struct bytes *out = &block->bytes;
  char key[NAME_BYTES_MAX];
  do {
    uint64_t message = block->messages;
    block->offsets[message] = out->length;
    if (options.exchange) {
      // A stride by a large prime visits the bindings in an order no cache can foresee.
      uint64_t step = message * 7919 + index * 131;
      write_routing_key(key, options.bindings ? (int)(step % options.bindings) : 0);
    } else {
      write_queue_name(key, (index + message) % options.queues);
    }
    size_t start = begin_method(out, 1, BASIC_PUBLISH);
    put16(out, 0);
    put_short_string(out, options.exchange ? EXCHANGE_NAME : "");
    put_short_string(out, key);
    put8(out, 0);
    end_frame(out, start);
    block->timestamps[message] = put_content(out, 1, options.body_bytes, options.persistent);
    block->messages++;
  } while (block->messages < BLOCK_MESSAGES_MAX &&
           (out->length < BLOCK_BYTES_MIN || (options.bindings > MANY_BINDINGS &&
                                              block->messages < MANY_BINDINGS_MESSAGES_MIN)));
  block->offsets[block->messages] = out->length;
}

static void take_confirm(struct confirms *confirms, uint64_t tag, bool multiple) {
  uint64_t first = multiple ? confirms->lowest_outstanding : tag;
  for (uint64_t each = first; each <= tag; each++) {
    uint8_t *seen = &confirms->seen[each & confirms->mask];
    if (each < confirms->lowest_outstanding || *seen) continue;
    *seen = 1;
    confirms->count++;
  }
  for (;;) {
    uint8_t *seen = &confirms->seen[confirms->lowest_outstanding & confirms->mask];
    if (!*seen) return;
    *seen = 0;
    confirms->lowest_outstanding++;
  }
}

static void read_confirms(struct run *run) {
  ssize_t count = receive(&run->connection, MSG_DONTWAIT);
  if (count == 0) fail("the broker hung up on a publisher");
  struct frame frame;
  while (next_frame(&run->connection, &frame)) {
    check_not_closed(&frame);
    if (frame.method == BASIC_NACK) fail("the broker refused a message with basic.nack");
    if (frame.method == BASIC_ACK) {
      take_confirm(&run->confirms, get64(frame.arguments), frame.arguments[8]);
    }
  }
}

static void await_socket(struct run *run, short events) {
  struct pollfd socket = {run->connection.socket, events, 0};
  poll(&socket, 1, 1000);
  if (socket.revents & POLLIN) read_confirms(run);
}

// How many messages may go out now: by the end of the block, the rate, the window and the size.
static uint64_t next_count(struct run *run, uint64_t *time) {
  const struct block *block = &run->block;
  uint64_t count = block->messages - run->position;
  if (count > run->total - run->sent) count = run->total - run->sent;
  if (options.rate > 0) {
    uint64_t due = run->start + (uint64_t)(run->sent * run->interval);
    if (*time < due) {
      struct timespec until = {due / 1000000000, due % 1000000000};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0);
      *time = now();
    }
    uint64_t due_in_all = (uint64_t)((*time - run->start) / run->interval) + 1;
    uint64_t due_now = due_in_all > run->sent ? due_in_all - run->sent : 1;
    if (count > due_now) count = due_now;
  }
  if (options.confirm_window) {
    uint64_t room = options.confirm_window - (run->sent - run->confirms.count);
    if (count > room) count = room;
  }
  const size_t *offsets = block->offsets + run->position;
  while (count > 1 && offsets[count] - offsets[0] > SEND_BYTES_MAX) count /= 2;
  return count;
}

// At a fixed rate a message bears the moment it was due, so that a late sender hides no latency.
static void stamp(struct run *run, uint64_t count, uint64_t time) {
  if (options.body_bytes < TIMESTAMP_BYTES) return;
  for (uint64_t index = 0; index < count; index++) {
    uint64_t due = run->start + (uint64_t)((run->sent + index) * run->interval);
    uint64_t wire = htobe64(options.rate > 0 ? due : time);
    uint8_t *body = run->block.bytes.data + run->block.timestamps[run->position + index];
    memcpy(body, &wire, TIMESTAMP_BYTES);
  }
}

// Sends a slice of the block, reading confirms whenever the socket is full.
static void send_slice(struct run *run, uint64_t count) {
  const size_t *offsets = run->block.offsets + run->position;
  const uint8_t *data = run->block.bytes.data + offsets[0];
  size_t left = offsets[count] - offsets[0];
  if (run->connection.websocket) {
    send_bytes(&run->connection, data, left);
    return;
  }
  while (left > 0 && !run_over) {
    ssize_t sent = send(run->connection.socket, data, left, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) fail("send: %s", strerror(errno));
    if (sent > 0) {
      data += sent;
      left -= sent;
    }
    if (left > 0) await_socket(run, POLLIN | POLLOUT);
  }
}

static bool window_is_full(const struct run *run) {
  uint64_t outstanding = run->sent - run->confirms.count;
  return options.confirm_window && outstanding >= (uint64_t)options.confirm_window;
}

static void publish_all(struct run *run) {
  while (run->sent < run->total && !run_over) {
    uint64_t time = now();
    uint64_t count = next_count(run, &time);
    stamp(run, count, time);
    send_slice(run, count);
    run->sent += count;
    run->position = (run->position + count) % run->block.messages;
    progress.published += count;
    if (options.confirm_window) read_confirms(run);
    while (window_is_full(run) && !run_over) await_socket(run, POLLIN);
  }
  while (options.confirm_window && run->confirms.count < run->sent && !run_over) {
    await_socket(run, POLLIN);
  }
  progress.confirmed += run->confirms.count;
}

// The answer to a passive declare shows that the broker has taken in all that was sent before.
static void await_round_trip(struct connection *connection) {
  enum { PASSIVE_BIT = 1 };
  char name[NAME_BYTES_MAX];
  struct bytes out = {0};
  write_queue_name(name, 0);
  size_t start = begin_method(&out, 1, QUEUE_DECLARE);
  put16(&out, 0);
  put_short_string(&out, name);
  put8(&out, PASSIVE_BIT);
  put32(&out, 0);
  end_frame(&out, start);
  flush(connection, &out);
  expect(connection, QUEUE_DECLARE_OK);
  free(out.data);
}

static void select_confirms(struct run *run) {
  struct confirms *confirms = &run->confirms;
  confirms->lowest_outstanding = 1;
  confirms->mask = 1;
  while (confirms->mask < 2 * (uint64_t)options.confirm_window) {
    confirms->mask = confirms->mask * 2 + 1;
  }
  confirms->seen = calloc(confirms->mask + 1, 1);
  struct bytes out = {0};
  size_t start = begin_method(&out, 1, CONFIRM_SELECT);
  put8(&out, 0);
  end_frame(&out, start);
  flush(&run->connection, &out);
  expect(&run->connection, CONFIRM_SELECT_OK);
  free(out.data);
}

void *run_publisher(void *argument) {
  int index = ((struct publisher *)argument)->index;
  struct run *run = calloc(1, sizeof *run);
  run->total = options.messages / options.publishers;
  if (index < (int)(options.messages % options.publishers)) run->total++;
  run->interval = options.rate > 0 ? 1e9 * options.publishers / options.rate : 0;
  open_connection(&run->connection);
  if (options.confirm_window) select_confirms(run);
  encode_block(&run->block, index);
  // The kernel may otherwise wake a sleeper 50 microseconds late, which would count as latency.
  prctl(PR_SET_TIMERSLACK, 1);

  progress.ready++;
  while (!progress.started) usleep(200);
  run->start = now();
  publish_all(run);
  if (options.consumers == 0 && !run_over) await_round_trip(&run->connection);
  note_latest(&progress.last_publish, now());
  progress.publishers_finished++;

  while (!run_over) usleep(2000);
  close_connection(&run->connection);
  free(run->confirms.seen);
  free(run->block.bytes.data);
  free(run);
  return NULL;
}
