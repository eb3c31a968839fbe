#include "websocket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bytes.h"

struct websocket *websocket_open(int socket) {
  static const char request[] =
      "GET /ws/amqp HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: amqp\r\n\r\n";
  if (send(socket, request, sizeof request - 1, MSG_NOSIGNAL) < 0) fail("upgrade request failed");
  // Read byte by byte, for what follows the blank line would already be WebSocket frames.
  char answer[4096] = "";
  for (size_t length = 0; !strstr(answer, "\r\n\r\n"); length++) {
    if (length == sizeof answer - 1 || recv(socket, answer + length, 1, 0) != 1) {
      fail("the broker did not answer the WebSocket upgrade");
    }
  }
  if (strncmp(answer, "HTTP/1.1 101", 12)) fail("no WebSocket upgrade: %.60s", answer);
  return calloc(1, sizeof(struct websocket));
}

size_t websocket_header(uint8_t *header, size_t payload_length) {
  enum { FINAL_BINARY = 0x82, MASKED = 0x80, LENGTH_16 = 126, LENGTH_64 = 127 };
  size_t length = 2;
  header[0] = FINAL_BINARY;
  if (payload_length < LENGTH_16) {
    header[1] = MASKED | payload_length;
  } else if (payload_length < 65536) {
    header[1] = MASKED | LENGTH_16;
    header[2] = payload_length >> 8;
    header[3] = payload_length;
    length = 4;
  } else {
    header[1] = MASKED | LENGTH_64;
    for (int index = 0; index < 8; index++) header[2 + index] = payload_length >> (56 - 8 * index);
    length = 10;
  }
  // A mask of zero leaves the payload as it is; the server unmasks it at its usual cost.
  memset(header + length, 0, 4);
  return length + 4;
}

// Adds one byte to the header and, once it is complete, notes what it announces.
static void take_header_byte(struct websocket *websocket, uint8_t byte) {
  uint8_t *header = websocket->header;
  header[websocket->header_length++] = byte;
  if (websocket->header_length < 2) return;
  unsigned short_length = header[1] & 0x7F;
  size_t extended_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  if (websocket->header_length < 2 + extended_bytes) return;
  websocket->payload_left = extended_bytes == 2   ? get16(header + 2)
                            : extended_bytes == 8 ? get64(header + 2)
                                                  : short_length;
  websocket->control = header[0] & 0x08;
  websocket->header_length = 0;
}

size_t websocket_unwrap(struct websocket *websocket, const uint8_t *input, size_t length,
                        uint8_t *output) {
  size_t written = 0, position = 0;
  while (position < length) {
    if (websocket->payload_left == 0) {
      take_header_byte(websocket, input[position++]);
      continue;
    }
    size_t count = length - position;
    if (count > websocket->payload_left) count = websocket->payload_left;
    if (!websocket->control) {
      memcpy(output + written, input + position, count);
      written += count;
    }
    websocket->payload_left -= count;
    position += count;
  }
  return written;
}
