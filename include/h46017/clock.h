/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_CLOCK_H
#define H46017_CLOCK_H

/** @file
 * Whether the time of day can be believed (libh46017-tls). No certificate can
 * be judged without it, and devices without a battery begin in 1970.
 *
 * A *floor* is kept that the true time is not below: at first the date of the
 * release, then moved on by as much time as passed while a program looked. It
 * moves by what the time of day and the monotonic clock both say, never by more
 * than a day at once, and never past the time of day. So a machine that begins
 * in 2100 does not take the floor with it, however often it does: the floor is
 * never ahead of the true time, as long as the monotonic clock does not run
 * fast.
 *
 * The program reads both clocks and passes them in; what is passed on to
 * h46017_tls_callbacks.utc_now is what h46017_clock_look() says. Threads: one
 * clock is used by one thread at a time; several, in one process or many, may
 * share a store.
 */

#include <h46017/store.h>
#include <h46017/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct h46017_clock h46017_clock;

/** How a clock is begun. Begin with h46017_clock_settings_default(). */
typedef struct h46017_clock_settings {
  size_t struct_size;
  int64_t release;  /**< UTC, seconds since 1970: no clock that is set shows
                         less; the library's own release */
  int64_t start_up; /**< UTC: taken for the time at the start where the time of
                         day is not known, and moved on from there; 0: nothing
                         is, and nothing can be verified then */
} h46017_clock_settings;

H46017_API void
h46017_clock_settings_default_sized(h46017_clock_settings *settings,
                                    size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_clock_settings_default(S)                                       \
  h46017_clock_settings_default_sized((S), sizeof(*(S)))

/** Makes a clock, with the floor that the store's collection `clock` holds; a
 * damaged one is none.
 *
 * @param[out] pclock    *given*: h46017_clock_del(); set on success only
 * @param[in]  store     *copied*, its object *borrowed*; NULL: nothing is kept.
 *                       It is written in h46017_clock_look(), every ten minutes
 *                       at the most: one that does not wait for the disk will
 *                       do (h46017_store_dir_store_unsynced())
 * @param[in]  settings  *copied*; NULL: the defaults
 * @param[in]  mem       *copied*; NULL: the C library's
 * @retval H46017_ERR_INVALID_ARGUMENT
 * @retval H46017_ERR_NOMEM
 * @retval H46017_ERR_STORE_IO  the floor cannot be read
 * @since 0.1 */
H46017_API int h46017_clock_new(h46017_clock **pclock,
                                const h46017_store *store,
                                const h46017_clock_settings *settings,
                                const h46017_mem *mem);

/** Deletes it; NULL is fine. */
H46017_API void h46017_clock_del(h46017_clock *clock);

/** Says what time it is, if that can be said, and moves the floor on. Call it
 * whenever the time is needed, and now and then. A floor that cannot be written
 * is written the next time.
 *
 * @param[in]  wall  the machine's time of day, UTC, seconds since 1970
 * @param[in]  now   monotonic milliseconds, see h46017_time
 * @param[out] putc  the time to judge by; set on success only
 * @retval H46017_ERR_CLOCK_NOT_SET  it is below the floor, and there is no
 *                   start-up time: verify nothing, and say so */
H46017_API int h46017_clock_look(h46017_clock *clock, int64_t wall,
                                 h46017_time now, int64_t *putc);

/** True when the last look fell back on the start-up time. */
H46017_API bool h46017_clock_is_assumed(const h46017_clock *clock);

/** What the time of day has to reach to be believed; UTC. */
H46017_API int64_t h46017_clock_floor(const h46017_clock *clock);

/** Goes back to the date of the release, also in the store: for an operator who
 * knows that the floor is wrong, because a monotonic clock ran fast or somebody
 * wrote it.
 * @retval H46017_ERR_STORE_IO  what is stored stays */
H46017_API int h46017_clock_reset(h46017_clock *clock);

/** Asks the own certificate of a context whether it is too late for it: it was
 * good when it was installed, so either it has to be renewed or the clock is
 * ahead.
 *
 * @param[in] utc  what h46017_clock_look() said
 * @param[in] ctx  *borrowed*
 * @return 0, also where there is no certificate; or
 * @retval H46017_ERR_CLOCK_AHEAD  say so; peers that know the time refuse us
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_clock_check_own(int64_t utc, const SSL_CTX *ctx);

#ifdef __cplusplus
}
#endif

#endif /* H46017_CLOCK_H */
