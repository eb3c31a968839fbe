// The queues, the exchange and the bindings of a load.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { DURABLE_BIT = 2 };

void write_queue_name(char *name, int queue) {
  snprintf(name, NAME_BYTES_MAX, "bench.%d", queue);
}

void write_routing_key(char *key, int binding) {
  snprintf(key, NAME_BYTES_MAX, "load.%d.x", binding);
}

void write_binding_key(char *key, int binding) {
  static const char *last_words[] = {"x", "*", "#"};
  bool topic = !strcmp(options.exchange, "topic");
  snprintf(key, NAME_BYTES_MAX, "load.%d.%s", binding, topic ? last_words[binding % 3] : "x");
}

static void declare_exchange(struct connection *connection, struct bytes *out) {
  size_t start = begin_method(out, 1, EXCHANGE_DECLARE);
  put16(out, 0);
  put_short_string(out, EXCHANGE_NAME);
  put_short_string(out, options.exchange);
  put8(out, options.durable ? DURABLE_BIT : 0);
  put32(out, 0);
  end_frame(out, start);
  flush(connection, out);
  expect(connection, EXCHANGE_DECLARE_OK);
}

static void declare_queue(struct connection *connection, struct bytes *out, int queue) {
  char name[NAME_BYTES_MAX];
  write_queue_name(name, queue);
  size_t start = begin_method(out, 1, QUEUE_DECLARE);
  put16(out, 0);
  put_short_string(out, name);
  put8(out, options.durable ? DURABLE_BIT : 0);
  if (options.stream) put_text_table(out, "x-queue-type", "stream");
  else put32(out, 0);
  end_frame(out, start);
  flush(connection, out);
  expect(connection, QUEUE_DECLARE_OK);
  // Without publishers the load is to drain what an earlier one left, else it starts from empty.
  if (options.publishers == 0 || options.stream) return;
  start = begin_method(out, 1, QUEUE_PURGE);
  put16(out, 0);
  put_short_string(out, name);
  put8(out, 0);
  end_frame(out, start);
  flush(connection, out);
  expect(connection, QUEUE_PURGE_OK);
}

static void bind_queues(struct connection *connection, struct bytes *out) {
  enum { PIPELINE_BYTES = 4096 };
  int count = options.bindings ? options.bindings : options.queues;
  for (int binding = 0; binding < count; binding++) {
    char queue[NAME_BYTES_MAX], key[NAME_BYTES_MAX];
    write_queue_name(queue, binding % options.queues);
    write_binding_key(key, options.bindings ? binding : 0);
    size_t start = begin_method(out, 1, QUEUE_BIND);
    put16(out, 0);
    put_short_string(out, queue);
    put_short_string(out, EXCHANGE_NAME);
    put_short_string(out, key);
    put8(out, 0);
    put32(out, 0);
    end_frame(out, start);
    if (out->length > PIPELINE_BYTES || binding == count - 1) flush(connection, out);
  }
  for (int binding = 0; binding < count; binding++) expect(connection, QUEUE_BIND_OK);
}

void declare_topology(struct connection *connection) {
  struct bytes out = {0};
  if (options.exchange) declare_exchange(connection, &out);
  for (int queue = 0; queue < options.queues; queue++) declare_queue(connection, &out, queue);
  if (options.exchange) bind_queues(connection, &out);
  free(out.data);
}

static void delete_named(struct connection *connection, const char *name, uint32_t method) {
  struct bytes out = {0};
  size_t start = begin_method(&out, 1, method);
  put16(&out, 0);
  put_short_string(&out, name);
  put8(&out, 0);
  end_frame(&out, start);
  flush(connection, &out);
  expect(connection, method + 1);
  free(out.data);
}

void delete_topology(struct connection *connection) {
  char name[NAME_BYTES_MAX];
  for (int queue = 0; queue < options.queues; queue++) {
    write_queue_name(name, queue);
    delete_named(connection, name, QUEUE_DELETE);
  }
  if (options.exchange) delete_named(connection, EXCHANGE_NAME, EXCHANGE_DELETE);
}
