/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_H46017_H
#define H46017_H46017_H

/** @mainpage libh46017
 *
 * H.323 registration and call signalling over one TCP or TLS connection (ITU-T
 * H.460.17), both ends. This header includes all of the core's; each of them
 * can be included alone. What follows holds for every function, so that the
 * others say only what is special.
 *
 * | header | what |
 * |---|---|
 * | h46017/common.h | version, time, memory, log lines |
 * | h46017/error.h | every error: its class, name, meaning, remedy |
 * | h46017/tpkt.h, q931.h | the framing: readers and writers |
 * | h46017/lenient.h | deviations of real peers, by name |
 * | h46017/tunnel.h | RAS over a signalling connection, and nothing else |
 * | h46017/h225.h | H.225.0 messages: decode, look, change, encode |
 * | h46017/ras.h | plain structs for the RAS messages of a registration |
 * | h46017/call.h | the calls of a connection |
 * | h46017/identity.h, policy.h | does this certificate cover this name? |
 * | h46017/h235.h | password tokens: made, put in, checked |
 * | h46017/trace.h | what an object does, as events |
 * | h46017/endpoint.h | the endpoint's side |
 * | h46017/gatekeeper.h | the gatekeeper's side |
 * | h46017/credentials.h | libh46017-tls: own keys and certificates |
 * | h46017/tls.h | libh46017-tls, not included here |
 * | h46017/clock.h | libh46017-tls: whether the time of day can be believed |
 * | h46017/store.h | libh46017-tls: where trust and credentials are kept |
 *
 * @section errors Errors
 * Functions that can fail return 0 or a negative h46017_error. The hundreds say
 * whose fault it is: -1xx the caller's (the object is unharmed), -2xx the
 * peer's, -3xx trust, -4xx an outcome, -5xx storage, -6xx TLS, -9xx fatal. On
 * failure outputs are untouched. Nothing aborts on what a caller or a peer
 * does.
 *
 * @section ownership Ownership, in four words
 * - *borrows*: used during the call (or as long as the text says), never kept;
 * - *copies*: the caller's may go as soon as the call returns;
 * - *takes*: the library frees it from now on;
 * - *gives*: the caller frees it from now on.
 *
 * What a callback is handed is borrowed by the callback until it returns.
 *
 * @section null NULL
 * A pointer must not be NULL unless the text says so. Every `_del` takes NULL.
 * Octets may be NULL where their length is 0. A NULL `const h46017_mem *` is
 * the C library's; a NULL settings pointer is the defaults.
 *
 * @section structs Structs
 * A struct that the program fills begins with `struct_size`; begin with its
 * `_default()` and change what you mean. 0 is the default of every member that
 * a later version adds. Structs that the library fills only grow at their end.
 *
 * @section enums Enumerations
 * New items may come where the text says so; treat an unknown one as the text
 * says, or pass over it.
 *
 * @section time Time
 * h46017_time is monotonic milliseconds from any origin; H46017_TIME_NEVER is
 * "no timer runs". Time of day is `int64_t` seconds since 1970, UTC.
 *
 * @section callbacks Callbacks
 * They run only inside a call into the object they are about (or, for a
 * gatekeeper's connection, into that gatekeeper), on the caller's thread. Which
 * functions may be called from them stands in the object's header; the others
 * return H46017_ERR_REENTRANT. A `_del` in a callback takes effect when the
 * outer call ends.
 *
 * @section threads Threads
 * No globals that change, no locks, no thread-local data. One object, with all
 * that belongs to it, is used by one thread at a time; separate ones are
 * independent.
 */

#include <h46017/call.h>
#include <h46017/common.h>
#include <h46017/endpoint.h>
#include <h46017/error.h>
#include <h46017/gatekeeper.h>
#include <h46017/h225.h>
#include <h46017/h235.h>
#include <h46017/identity.h>
#include <h46017/lenient.h>
#include <h46017/policy.h>
#include <h46017/q931.h>
#include <h46017/ras.h>
#include <h46017/tpkt.h>
#include <h46017/trace.h>
#include <h46017/tunnel.h>

#endif /* H46017_H46017_H */
