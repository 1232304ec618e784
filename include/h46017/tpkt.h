/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_TPKT_H
#define H46017_TPKT_H

/** @file
 * TPKT, the frames in which Q.931 messages travel over TCP and TLS.
 *
 *     03 00 LL LL …   version, reserved, length with these four octets
 *
 * The reader takes the octets in whatever pieces they come and hands out one
 * frame after the other. A frame that lies whole in the piece is handed out
 * where it lies; one that does not is collected in one buffer that grows with
 * what has come, never with what was announced.
 *
 * One reader is used by one thread at a time.
 *
 * @spec RFC 1006 6, H.225.0 Appendix IV
 */

#include <h46017/common.h>
#include <h46017/lenient.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Octets of a TPKT header. */
#define H46017_TPKT_HEADER 4

/** Octets of the largest TPKT, header included. */
#define H46017_TPKT_MAX 65535

/** The reader of one direction of one connection. */
typedef struct h46017_tpkt h46017_tpkt;

typedef struct h46017_tpkt_settings {
  size_t struct_size; /**< set by h46017_tpkt_settings_default() */
  uint32_t lenient;   /**< SWAPPED_KEEPALIVE matters here */
  uint32_t max_pdu;   /**< octets of the largest TPKT taken, header included;
                           4..65535, default 65535 */
} h46017_tpkt_settings;

H46017_API void
h46017_tpkt_settings_default_sized(h46017_tpkt_settings *settings, size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_tpkt_settings_default(S)                                        \
  h46017_tpkt_settings_default_sized((S), sizeof(*(S)))

/** What h46017_tpkt_read() found. */
typedef enum h46017_tpkt_kind {
  H46017_TPKT_NONE = 0,     /**< nothing whole: give it the next octets */
  H46017_TPKT_PDU = 1,      /**< a TPKT with something in it */
  H46017_TPKT_KEEPALIVE = 2 /**< an empty TPKT */
} h46017_tpkt_kind;

/** A whole TPKT. The layout is final. */
typedef struct h46017_tpkt_pdu {
  h46017_tpkt_kind kind;
  const uint8_t *data; /**< the TPKT, header included; NULL for NONE */
  size_t len;          /**< octets of it; what it carries follows the first
                            H46017_TPKT_HEADER */
} h46017_tpkt_pdu;

/** Makes a reader.
 *
 * @param[out] pr        set on success only
 * @param[in]  settings  *copied*; NULL for the defaults
 * @param[in]  mem       *copied*; NULL for the C library's
 * @retval H46017_ERR_INVALID_ARGUMENT  struct_size or max_pdu
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_tpkt_new(h46017_tpkt **pr,
                               const h46017_tpkt_settings *settings,
                               const h46017_mem *mem);

/** Deletes the reader; NULL is fine. */
H46017_API void h46017_tpkt_del(h46017_tpkt *r);

/** Takes octets up to the end of the next TPKT, or all of them.
 *
 * Call it until it finds nothing more; it has taken every octet then:
 *
 *     while ((rv = h46017_tpkt_read(r, &data, &len, &pdu)) == 0 &&
 *            pdu.kind != H46017_TPKT_NONE) { … }
 *
 * What comes out does not depend on how the octets were cut into calls.
 *
 * @param[in,out] pdata  the octets, *borrowed* for as long as the PDU handed
 *                       out is used; moved past what was taken
 * @param[in,out] plen   how many; reduced by what was taken
 * @param[out]    pdu    *borrows* from the octets given or from the reader,
 *                       until the next call on it; set on success only
 * @return 0, or
 * @retval H46017_ERR_TPKT       not a TPKT header: version, or a length
 * below 4. The reserved octet may be anything
 * @retval H46017_ERR_TOO_LARGE  longer than max_pdu
 * @retval H46017_ERR_NOMEM
 * Every later call returns the same error; close the connection.
 * @since 0.1 */
H46017_API int h46017_tpkt_read(h46017_tpkt *r, const uint8_t **pdata,
                                size_t *plen, h46017_tpkt_pdu *pdu);

/** Octets held of a TPKT that was begun and is not whole yet; 0 between two. A
 * peer that leaves it above 0 for long stalls. */
H46017_API size_t h46017_tpkt_pending(const h46017_tpkt *r);

/** Writes the four octets that go before @p len octets of Q.931; with 0, a
 * keep-alive.
 *
 * @param[out] out  H46017_TPKT_HEADER octets; untouched on failure
 * @retval H46017_ERR_OUT_OF_RANGE  more than H46017_TPKT_MAX with the header
 * @since 0.1 */
H46017_API int h46017_tpkt_write_header(uint8_t *out, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* H46017_TPKT_H */
