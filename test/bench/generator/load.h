// One load: what is asked for, how far it is, and the threads that make it.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "connection.h"
#include "histogram.h"

struct options {
  int publishers, consumers, queues;
  uint64_t messages;       // in all, shared out over the publishers
  uint32_t body_bytes;
  bool durable;            // queues and exchange
  bool stream;             // the queues are streams, which consumers read from the beginning
  bool persistent;         // messages
  int confirm_window;      // unconfirmed messages a publisher may have; 0 is no confirms
  int ack_every;           // one ack for so many deliveries; 0 consumes without acks
  int prefetch;
  double rate;             // messages per second over all publishers; 0 is as fast as it goes
  const char *exchange;    // its type; null publishes to the default exchange
  int bindings;            // of that exchange, spread over the queues; 0 is one for each queue
  bool keep;               // leave queues and exchange in place at the end
  int stall_seconds;       // give up after so long without progress
};
extern struct options options;

struct progress {
  atomic_int ready;                // threads that wait for the start
  atomic_bool started;
  atomic_int publishers_finished;
  atomic_ullong published, confirmed, delivered;
  atomic_ullong last_publish, last_delivery;  // when they happened, in nanoseconds
  uint64_t deliveries_expected;
};
extern struct progress progress;

// Raises a moment that several threads report to the latest of them.
void note_latest(atomic_ullong *moment, uint64_t time);

enum { NAME_BYTES_MAX = 256 };
#define EXCHANGE_NAME "bench"
void write_queue_name(char *name, int queue);

// The routing key of a publish, and the pattern of the binding that matches it alone.
void write_routing_key(char *key, int binding);
void write_binding_key(char *key, int binding);

void declare_topology(struct connection *connection);
void delete_topology(struct connection *connection);

struct publisher {
  int index;
};
void *run_publisher(void *publisher);

struct consumer {
  int index;
  struct histogram latency;  // nanoseconds from publish to delivery
};
void *run_consumer(void *consumer);

// Serves connections with a broker that does nothing, to show the ceiling of this generator.
_Noreturn void run_sink(void);
