#include "frames.h"

#include <arpa/inet.h>
#include <string.h>

size_t begin_frame(struct bytes *out, int type, int channel) {
  put8(out, type);
  put16(out, channel);
  put32(out, 0);
  return out->length;
}

void end_frame(struct bytes *out, size_t payload_start) {
  uint32_t length = htonl(out->length - payload_start);
  memcpy(out->data + payload_start - 4, &length, 4);
  put8(out, FRAME_END);
}

size_t begin_method(struct bytes *out, int channel, uint32_t method) {
  size_t start = begin_frame(out, METHOD_FRAME, channel);
  put32(out, method);
  return start;
}

void put_method(struct bytes *out, int channel, uint32_t method) {
  end_frame(out, begin_method(out, channel, method));
}

size_t put_content(struct bytes *out, int channel, uint32_t body_bytes, int persistent) {
  enum { BASIC_CLASS = 60, DELIVERY_MODE_FLAG = 0x1000, PERSISTENT = 2 };
  size_t start = begin_frame(out, HEADER_FRAME, channel);
  put16(out, BASIC_CLASS);
  put16(out, 0);
  put64(out, body_bytes);
  put16(out, persistent ? DELIVERY_MODE_FLAG : 0);
  if (persistent) put8(out, PERSISTENT);
  end_frame(out, start);

  size_t body = out->length + FRAME_OVERHEAD_BYTES - 1;
  const uint32_t chunk_bytes_max = FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES;
  for (uint32_t left = body_bytes; left > 0;) {
    uint32_t chunk = left < chunk_bytes_max ? left : chunk_bytes_max;
    start = begin_frame(out, BODY_FRAME, channel);
    for (uint32_t index = 0; index < chunk; index++) put8(out, 'x');
    end_frame(out, start);
    left -= chunk;
  }
  return body;
}
