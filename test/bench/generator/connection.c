#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct destination destination;
_Atomic bool run_over;

static void send_raw(int socket, const uint8_t *data, size_t length, int flags) {
  while (length > 0) {
    ssize_t sent = send(socket, data, length, MSG_NOSIGNAL | flags);
    if (sent < 0 && errno == EAGAIN) {
      struct pollfd writable = {socket, POLLOUT, 0};
      poll(&writable, 1, 1000);
    } else if (sent > 0) {
      data += sent;
      length -= sent;
    } else if (run_over) {
      return;
    } else {
      fail("send: %s", strerror(errno));
    }
  }
}

void send_bytes(struct connection *connection, const uint8_t *data, size_t length) {
  if (connection->websocket) {
    uint8_t header[WEBSOCKET_HEADER_BYTES_MAX];
    send_raw(connection->socket, header, websocket_header(header, length), MSG_MORE);
  }
  send_raw(connection->socket, data, length, 0);
}

void flush(struct connection *connection, struct bytes *out) {
  send_bytes(connection, out->data, out->length);
  out->length = 0;
}

ssize_t receive(struct connection *connection, int flags) {
  struct connection *it = connection;
  if (it->start > 0) {
    memmove(it->input, it->input + it->start, it->end - it->start);
    it->end -= it->start;
    it->start = 0;
  }
  uint8_t *free_input = it->input + it->end;
  if (!it->websocket) {
    ssize_t count = recv(it->socket, free_input, INPUT_BYTES - it->end, flags);
    if (count > 0) it->end += count;
    return count;
  }
  // At most one incomplete AMQP frame waits in the input, so a whole staging buffer always fits.
  uint8_t staging[WEBSOCKET_STAGING_BYTES];
  ssize_t count = recv(it->socket, staging, sizeof staging, flags);
  if (count > 0) it->end += websocket_unwrap(it->websocket, staging, count, free_input);
  return count;
}

bool next_frame(struct connection *connection, struct frame *frame) {
  size_t available = connection->end - connection->start;
  const uint8_t *at = connection->input + connection->start;
  if (available < FRAME_OVERHEAD_BYTES) return false;
  uint32_t length = get32(at + 3);
  if (length > FRAME_BYTES_MAX) fail("the broker sent a frame of %u bytes", length);
  if (available < length + FRAME_OVERHEAD_BYTES) return false;
  if (at[length + 7] != FRAME_END) fail("a frame from the broker has no frame-end");
  frame->type = at[0];
  frame->payload = at + 7;
  frame->length = length;
  frame->method = frame->type == METHOD_FRAME ? get32(frame->payload) : 0;
  frame->arguments = frame->payload + 4;
  connection->start += length + FRAME_OVERHEAD_BYTES;
  return true;
}

void check_not_closed(const struct frame *frame) {
  if (run_over) return;
  if (frame->method != CONNECTION_CLOSE && frame->method != CHANNEL_CLOSE) return;
  const uint8_t *at = frame->arguments;
  fail("closed by the broker: %u %.*s", get16(at), at[2], (const char *)at + 3);
}

// Waits for a method; false if the broker hangs up first.
static bool await_method(struct connection *connection, uint32_t method) {
  struct frame frame;
  for (;;) {
    while (!next_frame(connection, &frame)) {
      if (receive(connection, 0) <= 0) return false;
    }
    check_not_closed(&frame);
    if (frame.method == method) return true;
  }
}

void expect(struct connection *connection, uint32_t method) {
  if (!await_method(connection, method)) {
    fail("the connection ended while waiting for method %u.%u", method >> 16, method & 0xFFFF);
  }
}

static bool connect_socket(struct connection *connection) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(destination.port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  connection->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (connection->socket < 0) fail("socket: %s", strerror(errno));
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address)) {
    close(connection->socket);
    return false;
  }
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  connection->start = connection->end = 0;
  connection->input = malloc(INPUT_BYTES);
  if (destination.websocket) connection->websocket = websocket_open(connection->socket);
  return true;
}

static void log_in(struct connection *connection) {
  static const char plain_response[] = "\0guest\0guest";
  struct bytes out = {0};
  size_t start = begin_method(&out, 0, CONNECTION_START_OK);
  put32(&out, 0);
  put_short_string(&out, "PLAIN");
  put_long_string(&out, plain_response, sizeof plain_response - 1);
  put_short_string(&out, "en_US");
  end_frame(&out, start);
  flush(connection, &out);
  expect(connection, CONNECTION_TUNE);

  start = begin_method(&out, 0, CONNECTION_TUNE_OK);
  put16(&out, 2047);
  put32(&out, FRAME_BYTES_MAX);
  put16(&out, 0);
  end_frame(&out, start);
  start = begin_method(&out, 0, CONNECTION_OPEN);
  put_short_string(&out, "/");
  put16(&out, 0);
  end_frame(&out, start);
  flush(connection, &out);
  expect(connection, CONNECTION_OPEN_OK);

  start = begin_method(&out, 1, CHANNEL_OPEN);
  put8(&out, 0);
  end_frame(&out, start);
  flush(connection, &out);
  expect(connection, CHANNEL_OPEN_OK);
  free(out.data);
}

bool try_open_connection(struct connection *connection) {
  if (!connect_socket(connection)) return false;
  send_bytes(connection, (const uint8_t *)"AMQP\0\0\x9\1", 8);
  if (!await_method(connection, CONNECTION_START)) {
    close(connection->socket);
    free(connection->input);
    return false;
  }
  log_in(connection);
  return true;
}

void open_connection(struct connection *connection) {
  if (!try_open_connection(connection)) fail("nothing answers on port %d", destination.port);
}

void close_connection(struct connection *connection) {
  struct bytes out = {0};
  size_t start = begin_method(&out, 0, CONNECTION_CLOSE);
  put16(&out, 200);
  put_short_string(&out, "bye");
  put32(&out, 0);
  end_frame(&out, start);
  flush(connection, &out);
  shutdown(connection->socket, SHUT_WR);
  struct timeval patience = {2, 0};
  setsockopt(connection->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  do connection->start = connection->end = 0;
  while (receive(connection, 0) > 0);
  close(connection->socket);
  free(out.data);
  free(connection->input);
  free(connection->websocket);
}
