// A growable byte buffer, and the few AMQP encoders that the generator needs.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct bytes {
  uint8_t *data;
  size_t length, capacity;
};

void put(struct bytes *out, const void *data, size_t length);
void put8(struct bytes *out, unsigned value);
void put16(struct bytes *out, unsigned value);
void put32(struct bytes *out, uint32_t value);
void put64(struct bytes *out, uint64_t value);
void put_short_string(struct bytes *out, const char *text);
void put_long_string(struct bytes *out, const void *text, size_t length);
// A table with one entry, whose value is text.
void put_text_table(struct bytes *out, const char *key, const char *value);

uint16_t get16(const uint8_t *at);
uint32_t get32(const uint8_t *at);
uint64_t get64(const uint8_t *at);

// Prints one sentence and ends the program: a load that went wrong has no figures.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Nanoseconds of the monotonic clock.
uint64_t now(void);
