#include "bytes.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void put(struct bytes *out, const void *data, size_t length) {
  if (out->length + length > out->capacity) {
    out->capacity = (out->length + length) * 2;
    out->data = realloc(out->data, out->capacity);
    if (!out->data) fail("out of memory");
  }
  memcpy(out->data + out->length, data, length);
  out->length += length;
}

void put8(struct bytes *out, unsigned value) {
  uint8_t byte = value;
  put(out, &byte, 1);
}

void put16(struct bytes *out, unsigned value) {
  uint16_t wire = htons(value);
  put(out, &wire, 2);
}

void put32(struct bytes *out, uint32_t value) {
  uint32_t wire = htonl(value);
  put(out, &wire, 4);
}

void put64(struct bytes *out, uint64_t value) {
  uint64_t wire = htobe64(value);
  put(out, &wire, 8);
}

void put_short_string(struct bytes *out, const char *text) {
  put8(out, strlen(text));
  put(out, text, strlen(text));
}

void put_long_string(struct bytes *out, const void *text, size_t length) {
  put32(out, length);
  put(out, text, length);
}

void put_text_table(struct bytes *out, const char *key, const char *value) {
  put32(out, 1 + strlen(key) + 1 + 4 + strlen(value));
  put_short_string(out, key);
  put8(out, 'S');
  put_long_string(out, value, strlen(value));
}

uint16_t get16(const uint8_t *at) {
  return at[0] << 8 | at[1];
}

uint32_t get32(const uint8_t *at) {
  uint32_t wire;
  memcpy(&wire, at, 4);
  return ntohl(wire);
}

uint64_t get64(const uint8_t *at) {
  uint64_t wire;
  memcpy(&wire, at, 8);
  return be64toh(wire);
}

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}
