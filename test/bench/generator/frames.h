// AMQP 0-9-1 frames: the methods the generator speaks, and how it writes a frame.
#pragma once
#include "bytes.h"

enum {
  FRAME_BYTES_MAX = 131072,
  FRAME_OVERHEAD_BYTES = 8,
  METHOD_FRAME = 1,
  HEADER_FRAME = 2,
  BODY_FRAME = 3,
  FRAME_END = 0xCE,
};

// A method is its class in the upper and its id in the lower 16 bits, as on the wire.
#define METHOD(class, id) ((class) << 16 | (id))
enum {
  CONNECTION_START = METHOD(10, 10),
  CONNECTION_START_OK = METHOD(10, 11),
  CONNECTION_TUNE = METHOD(10, 30),
  CONNECTION_TUNE_OK = METHOD(10, 31),
  CONNECTION_OPEN = METHOD(10, 40),
  CONNECTION_OPEN_OK = METHOD(10, 41),
  CONNECTION_CLOSE = METHOD(10, 50),
  CONNECTION_CLOSE_OK = METHOD(10, 51),
  CHANNEL_OPEN = METHOD(20, 10),
  CHANNEL_OPEN_OK = METHOD(20, 11),
  CHANNEL_CLOSE = METHOD(20, 40),
  EXCHANGE_DECLARE = METHOD(40, 10),
  EXCHANGE_DECLARE_OK = METHOD(40, 11),
  EXCHANGE_DELETE = METHOD(40, 20),
  EXCHANGE_DELETE_OK = METHOD(40, 21),
  QUEUE_DECLARE = METHOD(50, 10),
  QUEUE_DECLARE_OK = METHOD(50, 11),
  QUEUE_BIND = METHOD(50, 20),
  QUEUE_BIND_OK = METHOD(50, 21),
  QUEUE_PURGE = METHOD(50, 30),
  QUEUE_PURGE_OK = METHOD(50, 31),
  QUEUE_DELETE = METHOD(50, 40),
  QUEUE_DELETE_OK = METHOD(50, 41),
  BASIC_QOS = METHOD(60, 10),
  BASIC_QOS_OK = METHOD(60, 11),
  BASIC_CONSUME = METHOD(60, 20),
  BASIC_CONSUME_OK = METHOD(60, 21),
  BASIC_PUBLISH = METHOD(60, 40),
  BASIC_DELIVER = METHOD(60, 60),
  BASIC_ACK = METHOD(60, 80),
  BASIC_NACK = METHOD(60, 120),
  CONFIRM_SELECT = METHOD(85, 10),
  CONFIRM_SELECT_OK = METHOD(85, 11),
};

// A frame as it lies in an input buffer.
struct frame {
  int type;
  uint32_t method;  // of a method frame, else 0
  const uint8_t *payload;
  uint32_t length;
  const uint8_t *arguments;  // of a method frame: what follows the method id
};

// A frame is begun, filled with `put`, and ended; begin answers where its payload starts.
size_t begin_frame(struct bytes *out, int type, int channel);
size_t begin_method(struct bytes *out, int channel, uint32_t method);
void end_frame(struct bytes *out, size_t payload_start);

// A method without any argument.
void put_method(struct bytes *out, int channel, uint32_t method);

// The header and body frames of one message; answers the offset of its first body byte.
size_t put_content(struct bytes *out, int channel, uint32_t body_bytes, int persistent);
