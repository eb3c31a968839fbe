// A latency histogram of constant size: 32 steps an octave, so a value is right to 3 %.
#pragma once
#include <stdint.h>

enum { HISTOGRAM_STEPS = 32, HISTOGRAM_BUCKETS = 64 * HISTOGRAM_STEPS };

struct histogram {
  uint64_t counts[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);
void histogram_merge(struct histogram *into, const struct histogram *from);

// The value below which the fraction of all values lies; 0 if there are none.
double histogram_quantile(const struct histogram *histogram, double fraction);
