/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_WALLCLOCK_H
#define EXAMPLES_WALLCLOCK_H

/* The time of day, and whether it can be believed: devices without a battery
 * start in 1970, and no certificate can be judged by such a clock. */

#include <h46017/clock.h>
#include <stdbool.h>
#include <stdint.h>

/* 2025-01-01, before the first release: no clock that is set shows less. */
#define CLOCK_FLOOR INT64_C(1735689600)

/* `2025-01-01`, as the UTC seconds of its first moment. */
bool clock_parse_date(const char *text, int64_t *out);

/* Monotonic. */
uint64_t clock_ms(void);

/* False: the clock shows less than the floor, so it is not set. */
bool clock_utc_now(int64_t *seconds, const int64_t *floor);

/* For h46017_tls_callbacks.utc_now: by a floor that is kept. */
bool clock_utc_by(int64_t *seconds, h46017_clock *clock);

#endif
