/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_COMMON_H
#define H46017_COMMON_H

/** @file
 * What every other header of the library leans on: the export macro, the
 * version, time, memory, logging.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(H46017_SHARED)
#ifdef H46017_BUILDING
#define H46017_API __declspec(dllexport)
#else
#define H46017_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define H46017_API __attribute__((visibility("default")))
#else
#define H46017_API
#endif

/** The version these headers belong to, as text and as 0xMMmmpp. */
#define H46017_VERSION "0.1.0"
#define H46017_VERSION_NUM 0x000100

/** Tells which library the program runs with.
 *
 * @param least  the oldest version that will do, as 0xMMmmpp; 0 for any
 * @return the library's version as text (static), or NULL when it is older
 *         than @p least: the program should say so and stop
 * @since 0.1 */
H46017_API const char *h46017_version(uint32_t least);

/** Monotonic milliseconds, from any origin. The library never reads a clock:
 * whatever needs the time takes a `now`. A `now` earlier than the last one
 * seen by the same object is taken for the last one, never for an error. */
typedef uint64_t h46017_time;

/** "Never": what a `…_next_expiry` returns when no timer runs. */
#define H46017_TIME_NEVER UINT64_MAX

/** A run of octets, *borrowed*. */
typedef struct h46017_octets {
  const uint8_t *data;
  size_t len;
} h46017_octets;

/** Memory functions. Every allocation of an object goes through the set it was
 * made with. The struct is *copied*; `user_data` is *borrowed* for the life of
 * the object. A NULL `const h46017_mem *` anywhere means the C library's.
 *
 * `realloc` and `free` get NULL or what the same set returned. */
typedef struct h46017_mem {
  void *user_data;
  void *(*malloc)(size_t size, void *user_data);
  void (*free)(void *ptr, void *user_data);
  void *(*calloc)(size_t nmemb, size_t size, void *user_data);
  void *(*realloc)(void *ptr, size_t size, void *user_data);
} h46017_mem;

/** How much a log line matters. New levels may come; treat an unknown one as
 * H46017_LOG_DEBUG. */
typedef enum h46017_log_level {
  H46017_LOG_ERROR = 1, /**< something was refused or lost */
  H46017_LOG_WARN = 2,  /**< tolerated, but somebody should look */
  H46017_LOG_INFO = 3,  /**< registrations, connections, calls */
  H46017_LOG_DEBUG = 4  /**< every message */
} h46017_log_level;

/** Receives one finished log line, without a newline; `line` is *borrowed* for
 * the call and NUL-terminated (`len` does not count the NUL). Lines of level
 * WARN and ERROR start with the stable id of an error, `[H46017-nnn]`. */
typedef void (*h46017_log_write)(h46017_log_level level, const char *line,
                                 size_t len, void *user_data);

#ifdef __cplusplus
}
#endif

#endif /* H46017_COMMON_H */
