/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef H46017_H225_H
#define H46017_H225_H

/** @file
 * H.225.0 messages in basic aligned PER: decode, look, change, encode.
 *
 * An h46017_h225 holds one message at a time, all of it in one arena that is
 * emptied by the next decode or create; an object used for one message after
 * the other settles down to no allocation at all. What the message holds is
 * reached through cursors (h46017_h225_value, passed by value) or by path:
 *
 *     registrationRequest.terminalAlias[0].h323-ID
 *
 * Component and alternative names are those of H.225.0 version 7. Extension
 * additions and alternatives that this version does not know are kept, are
 * called `_ext_N` (N is the position behind the extension marker, from 0), read
 * as octet strings, and are written back by the encoder,
 * as are the lengths of received extension bitmaps and the octets behind the
 * end of the PDU: decode, change one component, encode keeps everything else.
 *
 * One object is used by one thread at a time; separate objects are
 * independent. Types are constant and shared by all threads.
 */

#include <h46017/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A type of the schema; constant, never freed. */
typedef struct h46017_h225_type h46017_h225_type;

/** One message and its memory. */
typedef struct h46017_h225 h46017_h225;

/** What a value is. */
typedef enum h46017_h225_kind {
  H46017_H225_ABSENT = 0, /**< no value: what a failed look-up returns */
  H46017_H225_NULL = 1,
  H46017_H225_BOOLEAN = 2,
  H46017_H225_INTEGER = 3,
  H46017_H225_ENUMERATED = 4,
  H46017_H225_BIT_STRING = 5,
  H46017_H225_OCTET_STRING = 6, /**< open types and `_ext_N` too */
  H46017_H225_OBJECT_IDENTIFIER = 7,
  H46017_H225_IA5_STRING = 8, /**< PrintableString too */
  H46017_H225_BMP_STRING = 9,
  H46017_H225_SEQUENCE = 10,
  H46017_H225_SEQUENCE_OF = 11,
  H46017_H225_CHOICE = 12
} h46017_h225_kind;

/** A place in a message. Plain data, passed by value; its members are the
 * library's business. It stays valid until the message is decoded into,
 * created or deleted, and until the component it names is removed. */
typedef struct h46017_h225_value {
  const void *node;   /**< private */
  const void *data;   /**< private */
  const char *name;   /**< private */
  const void *origin; /**< private */
} h46017_h225_value;

/** Limits and strictness; the defaults suit a server facing the internet. */
typedef struct h46017_h225_settings {
  size_t struct_size;    /**< set by h46017_h225_settings_default() */
  size_t max_memory;     /**< octets of arena a message may take; 1 MiB */
  uint32_t max_depth;    /**< nested types, 64; 1024 at the most */
  uint32_t max_elements; /**< elements of all SEQUENCE OFs together; 65536 */
  bool strict_trailing;  /**< octets behind the PDU: refuse (PER_TRAILING);
                              otherwise they are counted and kept */
} h46017_h225_settings;

H46017_API void
h46017_h225_settings_default_sized(h46017_h225_settings *settings, size_t size);
/** Fills in the defaults. Call it before setting anything. */
#define h46017_h225_settings_default(S)                                        \
  h46017_h225_settings_default_sized((S), sizeof(*(S)))

/** Where the last decode, encode or set of a message failed. */
typedef struct h46017_h225_error {
  int code;         /**< 0: nothing failed */
  size_t offset;    /**< octet of the input, from 0 */
  unsigned bit;     /**< bit in that octet, 0 is the most significant */
  const char *path; /**< `registrationRequest.terminalAlias[0]`, cut from the
                         front with `…` where it is very long */
  const char *text; /**< what is wrong there, for a person */
} h46017_h225_error;

/** Makes an empty message object.
 *
 * @param[out] pm       set on success only
 * @param[in]  settings *copied*; NULL for the defaults
 * @param[in]  mem      *copied*; NULL for the C library's
 * @retval H46017_ERR_INVALID_ARGUMENT  struct_size, a limit of 0, max_depth
 *                                      above 1024
 * @retval H46017_ERR_NOMEM
 * @since 0.1 */
H46017_API int h46017_h225_new(h46017_h225 **pm,
                               const h46017_h225_settings *settings,
                               const h46017_mem *mem);

/** Deletes the object and everything in it; NULL is fine. */
H46017_API void h46017_h225_del(h46017_h225 *m);

/** Finds a type by its schema name: `RasMessage`, or `H225.RasMessage`,
 * `H235.ClearToken`. Bare NonStandardParameter and NonStandardIdentifier are
 * H.225.0's; the others are H235NonStandardParameter, H245NonStandardParameter,
 * H245NonStandardIdentifier.
 * @return NULL when there is none */
H46017_API const h46017_h225_type *h46017_h225_type_find(const char *name);

/** The types that can be decoded on their own, in the schema's order; NULL
 * when @p index is past the last. */
H46017_API const h46017_h225_type *h46017_h225_type_at(size_t index);

/** `RasMessage`; static text. */
H46017_API const char *h46017_h225_type_name(const h46017_h225_type *type);

/** RasMessage and H323-UserInformation, the two that travel. */
H46017_API const h46017_h225_type *h46017_h225_ras_message(void);
H46017_API const h46017_h225_type *h46017_h225_user_information(void);

/** Decodes one PDU, replacing what the object held.
 *
 * @param[in] data  *borrowed* as long as the message is used: octet strings
 *                  point into it where they can
 * @return 0, or
 * @retval H46017_ERR_TRUNCATED      the input ends inside the PDU
 * @retval H46017_ERR_PER_CONSTRAINT a value is outside of its constraint
 * @retval H46017_ERR_PER_LENGTH     a length or count is not possible
 * @retval H46017_ERR_PER_DEPTH, H46017_ERR_PER_BUDGET  a limit was reached
 * @retval H46017_ERR_PER_TRAILING   only with strict_trailing
 * @retval H46017_ERR_TOO_LARGE      more than INT_MAX octets
 * @retval H46017_ERR_INVALID_ARGUMENT  no type, or no data
 * @retval H46017_ERR_NOMEM          the object can be used again
 * After a failure the object is empty; h46017_h225_last_error() says where.
 * @spec X.691 basic aligned */
H46017_API int h46017_h225_decode(h46017_h225 *m, const h46017_h225_type *type,
                                  const uint8_t *data, size_t datalen);

/** Starts a new value of a type: a SEQUENCE with nothing in it, a CHOICE with
 * nothing chosen. Components come with the setters; every mandatory one must
 * be set before encoding, FALSE, 0 and empty lists too.
 * @retval H46017_ERR_NOMEM */
H46017_API int h46017_h225_create(h46017_h225 *m, const h46017_h225_type *type);

/** Encodes what the object holds.
 *
 * @param[out] buf   where to; NULL (with @p cap 0) to learn the size only
 * @param[out] plen  octets written, or needed; set on success and with
 *                   BUFFER_TOO_SMALL
 * @retval H46017_ERR_BUFFER_TOO_SMALL  nothing usable was written
 * @retval H46017_ERR_INCOMPLETE        a mandatory component has no value
 *                                      (additions behind an extension marker
 *                                      are never mandatory here: peers of
 *                                      older versions do not have them)
 * @retval H46017_ERR_OUT_OF_RANGE      a value breaks its constraint
 * @retval H46017_ERR_PER_DEPTH         nested deeper than the limit
 * @retval H46017_ERR_INVALID_STATE     the object is empty */
H46017_API int h46017_h225_encode(h46017_h225 *m, uint8_t *buf, size_t cap,
                                  size_t *plen);

/** Where and why the last call on this object failed; *borrowed* until the
 * next call on it. */
H46017_API const h46017_h225_error *
h46017_h225_last_error(const h46017_h225 *m);

/** The type decoded or created last; NULL when the object is empty. */
H46017_API const h46017_h225_type *
h46017_h225_message_type(const h46017_h225 *m);

/** Octets that followed the end of the decoded PDU. */
H46017_API size_t h46017_h225_trailing(const h46017_h225 *m);

/** Octets of arena the message takes. */
H46017_API size_t h46017_h225_memory_used(const h46017_h225 *m);

/** @name Looking
 * None of these fails on an absent value: they answer "absent" again, so that
 * a chain of look-ups needs one check at its end. */
/**@{*/
/** The message itself. */
H46017_API h46017_h225_value h46017_h225_root(const h46017_h225 *m);

/** Finds a component, alternative or element below @p v by path. */
H46017_API h46017_h225_value h46017_h225_get(h46017_h225_value v,
                                             const char *path);

H46017_API h46017_h225_kind h46017_h225_value_kind(h46017_h225_value v);

/** The component's or alternative's name; "" for the message itself and for
 * elements of a SEQUENCE OF. *Borrowed* from the message. */
H46017_API const char *h46017_h225_value_name(h46017_h225_value v);

/** Present components of a SEQUENCE, elements of a SEQUENCE OF, 1 for a CHOICE
 * with something chosen; unknown additions included. */
H46017_API size_t h46017_h225_count(h46017_h225_value v);

/** The i-th of them, in encoding order. */
H46017_API h46017_h225_value h46017_h225_at(h46017_h225_value v, size_t i);
/**@}*/

/** @name Reading
 * Each sets its outputs on success only.
 * @retval H46017_ERR_ABSENT         there is no such component
 * @retval H46017_ERR_TYPE_MISMATCH  it is of another kind
 * @retval H46017_ERR_OUT_OF_RANGE   the number does not fit the output */
/**@{*/
H46017_API int h46017_h225_read_bool(h46017_h225_value v, bool *out);
H46017_API int h46017_h225_read_uint(h46017_h225_value v, uint64_t *out);
H46017_API int h46017_h225_read_int(h46017_h225_value v, int64_t *out);

/** OCTET STRING, IA5String, an INTEGER whose type has no bounds or may go
 * beyond them (two's complement, big-endian: for what read_int says
 * OUT_OF_RANGE to), BMPString (16-bit units, big-endian), OBJECT IDENTIFIER
 * (BER contents): the octets, *borrowed* from the message or its input. */
H46017_API int h46017_h225_read_octets(h46017_h225_value v,
                                       const uint8_t **pdata, size_t *plen);

/** BIT STRING: the octets, most significant bit first, and the number of bits.
 * *borrowed* from the message or its input. */
H46017_API int h46017_h225_read_bits(h46017_h225_value v, const uint8_t **pdata,
                                     size_t *pbits);

/** Character strings as UTF-8, OBJECT IDENTIFIER dotted, ENUMERATED and CHOICE
 * by the name of the item chosen; NUL-terminated.
 *
 * @param[out] plen  octets without the NUL, also with BUFFER_TOO_SMALL
 * @retval H46017_ERR_TEXT  U+0000, an unpaired surrogate, an arc beyond 64
 * bits: read the octets */
H46017_API int h46017_h225_read_text(h46017_h225_value v, char *buf, size_t cap,
                                     size_t *plen);
/**@}*/

/** @name Writing
 * Each sets the component at @p path, counted from the message itself, and
 * makes what stands on the way: an optional SEQUENCE becomes present, a CHOICE
 * takes the alternative named (dropping another one), index `[n]` with n equal
 * to the number of elements appends one. Values are *copied*.
 *
 * @retval H46017_ERR_NOT_FOUND      the path names nothing in the schema, or an
 *                                   index is past the end
 * @retval H46017_ERR_TYPE_MISMATCH  the component is of another kind
 * @retval H46017_ERR_OUT_OF_RANGE   the value breaks the constraint, or the
 *                                   SEQUENCE OF may have no more elements
 * @retval H46017_ERR_TEXT           set_text: not UTF-8, or with a NUL
 * @retval H46017_ERR_PER_BUDGET     the arena's limit is reached
 * @retval H46017_ERR_PER_DEPTH      the path is longer than the limit
 * @retval H46017_ERR_INVALID_STATE  the object is empty
 * @retval H46017_ERR_NOMEM
 * The message is as it was then. What a set replaces keeps its memory until the
 * next decode or create. `_ext_N` can be replaced with octets, not made. */
/**@{*/
H46017_API int h46017_h225_set_bool(h46017_h225 *m, const char *path,
                                    bool value);
H46017_API int h46017_h225_set_uint(h46017_h225 *m, const char *path,
                                    uint64_t value);
H46017_API int h46017_h225_set_int(h46017_h225 *m, const char *path,
                                   int64_t value);
H46017_API int h46017_h225_set_octets(h46017_h225 *m, const char *path,
                                      const uint8_t *data, size_t len);
H46017_API int h46017_h225_set_bits(h46017_h225 *m, const char *path,
                                    const uint8_t *data, size_t bits);

/** Character strings from UTF-8, OBJECT IDENTIFIER from its dotted form,
 * ENUMERATED by name. */
H46017_API int h46017_h225_set_text(h46017_h225 *m, const char *path,
                                    const char *text, size_t len);

/** NULL, an empty SEQUENCE, an empty SEQUENCE OF: present, nothing in it. One
 * that is there already stays as it is. */
H46017_API int h46017_h225_set_present(h46017_h225 *m, const char *path);

/** Makes an optional component absent, or takes an element out of a SEQUENCE
 * OF.
 * @retval H46017_ERR_ABSENT            it was not there
 * @retval H46017_ERR_NOT_FOUND         the path names nothing in the schema
 * @retval H46017_ERR_INVALID_ARGUMENT  it is mandatory, or what a CHOICE holds
 */
H46017_API int h46017_h225_remove(h46017_h225 *m, const char *path);
/**@}*/

#ifdef __cplusplus
}
#endif

#endif /* H46017_H225_H */
