// The ceiling: a broker that swallows and confirms publishes and blasts deliveries at consumers.
// What the generator reaches against it is the most it can ever show of a real broker.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

struct client {
  struct connection connection;
  struct bytes out;
  uint64_t published, confirmed;
  bool confirms, consumes;
};

static void put_start(struct bytes *out) {
  size_t start = begin_method(out, 0, CONNECTION_START);
  put16(out, 9);
  put32(out, 0);
  put_long_string(out, "PLAIN", 5);
  put_long_string(out, "en_US", 5);
  end_frame(out, start);
}

static void put_tune(struct bytes *out) {
  size_t start = begin_method(out, 0, CONNECTION_TUNE);
  put16(out, 2047);
  put32(out, FRAME_BYTES_MAX);
  put16(out, 0);
  end_frame(out, start);
}

// Writes an answer of fixed zeros: the generator reads no argument of it.
static void put_ok(struct bytes *out, int channel, uint32_t method, size_t zeros) {
  size_t start = begin_method(out, channel, method);
  while (zeros-- > 0) put8(out, 0);
  end_frame(out, start);
}

static void answer(struct client *client, uint32_t method) {
  struct bytes *out = &client->out;
  switch (method) {
    case CONNECTION_START_OK: put_tune(out); return;
    case CONNECTION_OPEN: put_ok(out, 0, CONNECTION_OPEN_OK, 1); return;
    case CONNECTION_CLOSE: put_ok(out, 0, CONNECTION_CLOSE_OK, 0); return;
    case CHANNEL_OPEN: put_ok(out, 1, CHANNEL_OPEN_OK, 4); return;
    case QUEUE_DECLARE: put_ok(out, 1, QUEUE_DECLARE_OK, 9); return;
    case QUEUE_PURGE:
    case QUEUE_DELETE: put_ok(out, 1, method + 1, 4); return;
    case EXCHANGE_DECLARE:
    case EXCHANGE_DELETE:
    case QUEUE_BIND:
    case BASIC_QOS: put_ok(out, 1, method + 1, 0); return;
    case CONFIRM_SELECT: client->confirms = true; put_ok(out, 1, CONFIRM_SELECT_OK, 0); return;
    case BASIC_CONSUME: client->consumes = true; put_ok(out, 1, BASIC_CONSUME_OK, 1); return;
  }
}

static void put_confirm(struct client *client) {
  size_t start = begin_method(&client->out, 1, BASIC_ACK);
  put64(&client->out, client->published);
  put8(&client->out, 1);
  end_frame(&client->out, start);
  client->confirmed = client->published;
}

static void encode_deliveries(struct bytes *out) {
  enum { BLOCK_BYTES_MIN = 65536 };
  for (uint64_t tag = 1; out->length < BLOCK_BYTES_MIN; tag++) {
    size_t start = begin_method(out, 1, BASIC_DELIVER);
    put_short_string(out, "ctag");
    put64(out, tag);
    put8(out, 0);
    put_short_string(out, "");
    put_short_string(out, "bench.0");
    end_frame(out, start);
    put_content(out, 1, options.body_bytes, 0);
  }
}

static void *serve(void *argument) {
  struct client *client = argument;
  struct connection *connection = &client->connection;
  struct bytes deliveries = {0};
  struct frame frame;
  encode_deliveries(&deliveries);
  if (recv(connection->socket, connection->input, 8, MSG_WAITALL) != 8) return NULL;
  put_start(&client->out);
  flush(connection, &client->out);
  for (;;) {
    ssize_t received = receive(connection, client->consumes ? MSG_DONTWAIT : 0);
    if (received == 0 || (received < 0 && errno != EAGAIN)) break;
    while (next_frame(connection, &frame)) {
      if (frame.type == HEADER_FRAME) client->published++;
      if (frame.type == METHOD_FRAME) answer(client, frame.method);
    }
    if (client->confirms && client->published > client->confirmed) put_confirm(client);
    if (client->out.length > 0) flush(connection, &client->out);
    if (client->consumes) send_bytes(connection, deliveries.data, deliveries.length);
  }
  close(connection->socket);
  free(connection->input);
  free(client->out.data);
  free(deliveries.data);
  free(client);
  return NULL;
}

void run_sink(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1024) ||
      getsockname(listener, (struct sockaddr *)&address, &length)) {
    fail("listen: %s", strerror(errno));
  }
  run_over = true;  // a client that hangs up is no error here
  printf("{\"ready\":true,\"amqp\":%d}\n", ntohs(address.sin_port));
  for (;;) {
    int socket = accept(listener, 0, 0);
    if (socket < 0) continue;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct client *client = calloc(1, sizeof *client);
    client->connection.socket = socket;
    client->connection.input = malloc(INPUT_BYTES);
    pthread_t thread;
    if (pthread_create(&thread, 0, serve, client)) fail("no thread for a connection");
    pthread_detach(thread);
  }
}
