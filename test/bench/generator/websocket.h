// The client's side of RFC 6455, as far as a load needs it: AMQP as a stream of binary messages.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEBSOCKET_HEADER_BYTES_MAX = 14, WEBSOCKET_STAGING_BYTES = 1 << 16 };

// The reader's place within the server's frames, which may end anywhere in a TCP segment.
struct websocket {
  uint8_t header[WEBSOCKET_HEADER_BYTES_MAX];
  size_t header_length;
  uint64_t payload_left;
  bool control;
};

// Upgrades a fresh TCP connection to a WebSocket of subprotocol amqp.
struct websocket *websocket_open(int socket);

// Writes the header of a binary message and answers its length.
size_t websocket_header(uint8_t *header, size_t payload_length);

// Copies the payload of binary frames to `output`; answers its length.
size_t websocket_unwrap(struct websocket *websocket, const uint8_t *input, size_t length,
                        uint8_t *output);
