#include "histogram.h"

// Values below 32 have a bucket each; above, the leading bit picks the octave and the five bits
// after it the step.
static unsigned bucket_of(uint64_t value) {
  if (value < HISTOGRAM_STEPS) return value;
  unsigned octave = 63 - __builtin_clzll(value) - 4;
  return octave * HISTOGRAM_STEPS + (value >> (octave - 1)) - HISTOGRAM_STEPS;
}

static double value_of(unsigned bucket) {
  if (bucket < 2 * HISTOGRAM_STEPS) return bucket;
  uint64_t step = bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS;
  return (double)(step << (bucket / HISTOGRAM_STEPS - 1));
}

void histogram_add(struct histogram *histogram, uint64_t value) {
  histogram->counts[bucket_of(value)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from) {
  for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    into->counts[bucket] += from->counts[bucket];
  }
}

double histogram_quantile(const struct histogram *histogram, double fraction) {
  uint64_t total = 0, seen = 0;
  for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    total += histogram->counts[bucket];
  }
  for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    seen += histogram->counts[bucket];
    if (seen > 0 && seen >= total * fraction) return value_of(bucket);
  }
  return 0;
}
