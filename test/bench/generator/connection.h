// A client connection, over TCP or over a WebSocket, with blocking helpers for the set-up phase and
// a reader that hands out one whole frame after the other.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#include "frames.h"
#include "websocket.h"

enum { INPUT_BYTES = 1 << 18 };

struct connection {
  int socket;
  uint8_t *input;     // INPUT_BYTES of room, of which [start, end) is not yet read
  size_t start, end;
  struct websocket *websocket;  // null over TCP
};

// Where all connections of this run go.
struct destination {
  int port;
  bool websocket;
};
extern struct destination destination;

// Once the run is over, a connection that ends is no longer an error.
extern _Atomic bool run_over;

// Opens a connection as guest on vhost '/' with channel 1 and without heartbeats.
void open_connection(struct connection *connection);

// The same, but false if nothing listens yet or the broker hangs up at once.
bool try_open_connection(struct connection *connection);

// Closes in order and waits (2 seconds at most) until the broker has hung up.
void close_connection(struct connection *connection);

void send_bytes(struct connection *connection, const uint8_t *data, size_t length);

// Sends the encoded methods and empties the buffer.
void flush(struct connection *connection, struct bytes *out);

// Reads what has arrived: the number of bytes, 0 when the broker has hung up, -1 for nothing yet.
ssize_t receive(struct connection *connection, int flags);

// The next whole frame of the input; it stays valid until the next receive.
bool next_frame(struct connection *connection, struct frame *frame);

// Waits for a method, skipping all else; a close from the broker ends the program.
void expect(struct connection *connection, uint32_t method);

// Ends the program if the method closes the connection or the channel.
void check_not_closed(const struct frame *frame);
