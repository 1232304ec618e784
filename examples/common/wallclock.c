/* SPDX-License-Identifier: BSD-2-Clause */
#include "wallclock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* days from 1970-01-01; the year begins in March, so that the leap day ends
 * it */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = year / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
         719468;
}

bool clock_parse_date(const char *text, int64_t *out) {
  int year = 0;
  int month = 0;
  int day = 0;
  int used = 0;
  /* digits and dashes only, so that the numbers fit */
  if (strspn(text, "0123456789-") != strlen(text) || strlen(text) != 10 ||
      sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, /* NOLINT */
             &used) != 3 ||
      used != 10 || year < 1970 || month < 1 || month > 12 || day < 1 ||
      day > 31) {
    return false;
  }
  *out = days_since_1970(year, month, day) * 86400;
  return true;
}

uint64_t clock_ms(void) {
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool clock_utc_now(int64_t *seconds, const int64_t *floor) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < *floor) {
    return false;
  }
  *seconds = now.tv_sec;
  return true;
}

bool clock_utc_by(int64_t *seconds, h46017_clock *clock) {
  struct timespec wall = {0};
  (void)clock_gettime(CLOCK_REALTIME, &wall);
  return h46017_clock_look(clock, wall.tv_sec, clock_ms(), seconds) == 0;
}
