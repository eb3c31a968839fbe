// The load generator and latency meter of `npm run bench`: one thread a connection, raw sockets.
//
//   load run --port N [options]     make a load and print its figures (see `parse_options`)
//   load idle --port N --connections N      open connections and leave them alone
//   load await-open --port N        poll until a broker accepts connection.open
//   load sink [--body-bytes N]      be the broker that does nothing
//
// It talks to the bench by lines: it prints a JSON object, then waits for a line on stdin, so that
// the bench can read the broker's CPU time and memory at exactly that point.
#include "load.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct options options = {
    .publishers = 1, .consumers = 1, .queues = 1, .messages = 100000, .body_bytes = 16,
    .stall_seconds = 60,
};
struct progress progress;
static int idle_connections;

void note_latest(atomic_ullong *moment, uint64_t time) {
  unsigned long long known = *moment;
  while (known < time && !atomic_compare_exchange_weak(moment, &known, time));
}

static void await_line(void) {
  int character;
  fflush(stdout);
  while ((character = getchar()) != '\n') {
    if (character == EOF) exit(1);  // the bench has ended
  }
}

static void parse_options(int count, char **words) {
  enum { PORT = 1, WEBSOCKET, CONNECTIONS, PUBLISHERS, CONSUMERS, QUEUES, MESSAGES, BODY_BYTES,
         DURABLE, PERSISTENT, CONFIRM_WINDOW, ACK_EVERY, PREFETCH, RATE, EXCHANGE, BINDINGS, KEEP,
         STREAM };
  static const struct option known[] = {
      {"port", 1, 0, PORT},             {"websocket", 0, 0, WEBSOCKET},
      {"connections", 1, 0, CONNECTIONS}, {"publishers", 1, 0, PUBLISHERS},
      {"consumers", 1, 0, CONSUMERS},   {"queues", 1, 0, QUEUES},
      {"messages", 1, 0, MESSAGES},     {"body-bytes", 1, 0, BODY_BYTES},
      {"durable", 0, 0, DURABLE},       {"persistent", 0, 0, PERSISTENT},
      {"confirm-window", 1, 0, CONFIRM_WINDOW}, {"ack-every", 1, 0, ACK_EVERY},
      {"prefetch", 1, 0, PREFETCH},     {"rate", 1, 0, RATE},
      {"exchange", 1, 0, EXCHANGE},     {"bindings", 1, 0, BINDINGS},
      {"keep", 0, 0, KEEP},             {"stream", 0, 0, STREAM},
      {0},
  };
  for (int choice; (choice = getopt_long(count, words, "", known, NULL)) != -1;) {
    switch (choice) {
      case PORT: destination.port = atoi(optarg); break;
      case WEBSOCKET: destination.websocket = true; break;
      case CONNECTIONS: idle_connections = atoi(optarg); break;
      case PUBLISHERS: options.publishers = atoi(optarg); break;
      case CONSUMERS: options.consumers = atoi(optarg); break;
      case QUEUES: options.queues = atoi(optarg); break;
      case MESSAGES: options.messages = atoll(optarg); break;
      case BODY_BYTES: options.body_bytes = atoi(optarg); break;
      case DURABLE: options.durable = true; break;
      case PERSISTENT: options.persistent = true; break;
      case CONFIRM_WINDOW: options.confirm_window = atoi(optarg); break;
      case ACK_EVERY: options.ack_every = atoi(optarg); break;
      case PREFETCH: options.prefetch = atoi(optarg); break;
      case RATE: options.rate = atof(optarg); break;
      case EXCHANGE: options.exchange = optarg; break;
      case BINDINGS: options.bindings = atoi(optarg); break;
      case KEEP: options.keep = true; break;
      case STREAM: options.stream = true; break;
      default: exit(2);
    }
  }
}

static void await_ready(int threads) {
  while (progress.ready < threads) usleep(1000);
}

static bool is_finished(void) {
  return progress.delivered >= progress.deliveries_expected &&
         progress.publishers_finished >= options.publishers;
}

// When the first fifth of the messages was published, and all but the last one; 0 is not yet.
static uint64_t first_fifth, last_fifth;

static void note_fifths(void) {
  if (!first_fifth && progress.published >= options.messages / 5) first_fifth = now();
  if (!last_fifth && progress.published >= options.messages / 5 * 4) last_fifth = now();
}

static void await_finish(void) {
  uint64_t last_total = 0, last_change = now();
  while (!is_finished()) {
    usleep(1000);
    note_fifths();
    uint64_t total = progress.published + progress.delivered;
    if (total != last_total) {
      last_total = total;
      last_change = now();
    }
    if (now() - last_change > options.stall_seconds * 1000000000ull) {
      fail("no progress for %d s: %llu published, %llu delivered of %llu", options.stall_seconds,
           progress.published, progress.delivered,
           (unsigned long long)progress.deliveries_expected);
    }
  }
}

static void print_result(uint64_t start, const struct consumer *consumers) {
  double publish_seconds = (progress.last_publish - (double)start) / 1e9;
  double deliver_seconds = (progress.last_delivery - (double)start) / 1e9;
  printf("{\"messages\":%llu", options.publishers ? progress.published : progress.delivered);
  if (options.publishers > 0) {
    uint64_t published = options.confirm_window ? progress.confirmed : progress.published;
    printf(",\"publishedPerSecond\":%.0f", published / publish_seconds);
    // Does a queue that grows slow its publishers down?
    if (options.consumers == 0 && progress.last_publish > last_fifth && last_fifth) {
      double seconds = (progress.last_publish - (double)last_fifth) / 1e9;
      printf(",\"lastFifthShare\":%.3f", (first_fifth - (double)start) / 1e9 / seconds);
    }
  }
  if (options.consumers > 0) {
    static struct histogram latency;
    for (int index = 0; index < options.consumers; index++) {
      histogram_merge(&latency, &consumers[index].latency);
    }
    printf(",\"deliveredPerSecond\":%.0f", progress.delivered / deliver_seconds);
    printf(",\"p50Microseconds\":%.1f", histogram_quantile(&latency, 0.5) / 1e3);
    printf(",\"p99Microseconds\":%.1f", histogram_quantile(&latency, 0.99) / 1e3);
  }
  puts("}");
}

static void run_load(void) {
  struct connection control = {0};
  open_connection(&control);
  declare_topology(&control);
  bool fanout = options.exchange && !strcmp(options.exchange, "fanout");
  if (options.consumers > 0) {
    progress.deliveries_expected = options.messages * (fanout ? options.queues : 1);
  }
  struct publisher *publishers = calloc(options.publishers + 1, sizeof *publishers);
  struct consumer *consumers = calloc(options.consumers + 1, sizeof *consumers);
  int count = options.consumers + options.publishers;
  pthread_t threads[count];
  for (int index = 0; index < options.consumers; index++) {
    consumers[index].index = index;
    pthread_create(&threads[index], 0, run_consumer, &consumers[index]);
  }
  for (int index = 0; index < options.publishers; index++) {
    publishers[index].index = index;
    pthread_create(&threads[options.consumers + index], 0, run_publisher, &publishers[index]);
  }
  await_ready(count);
  puts("{\"ready\":true}");
  await_line();

  uint64_t start = now();
  progress.started = true;
  await_finish();
  print_result(start, consumers);
  await_line();

  run_over = true;
  for (int index = 0; index < count; index++) pthread_join(threads[index], 0);
  free(publishers);
  free(consumers);
  if (!options.keep) delete_topology(&control);
  close_connection(&control);
}

static void run_idle(void) {
  puts("{\"ready\":true}");
  await_line();
  struct connection *connections = calloc(idle_connections, sizeof *connections);
  for (int index = 0; index < idle_connections; index++) {
    open_connection(&connections[index]);
    free(connections[index].input);
  }
  puts("{\"opened\":true}");
  await_line();  // the process ends here, and its connections with it
}

static void raise_file_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **words) {
  if (count < 2) fail("expected run, idle, await-open or sink");
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  parse_options(count - 1, words + 1);
  if (!strcmp(words[1], "run")) {
    run_load();
  } else if (!strcmp(words[1], "idle")) {
    run_idle();
  } else if (!strcmp(words[1], "await-open")) {
    struct connection connection = {0};
    while (!try_open_connection(&connection)) usleep(10000);
    puts("{\"opened\":true}");
    close_connection(&connection);
  } else if (!strcmp(words[1], "sink")) {
    run_sink();
  } else {
    fail("unknown command %s", words[1]);
  }
  return 0;
}
