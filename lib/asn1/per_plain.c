/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/per_plain.h"

#include "asn1/per_read.h"
#include "asn1/per_write.h"

/* -- decoding ---------------------------------------------------------- */

/* Only out of the block that is being filled: no allocator is asked, and
 * where the budget ends is the engine's to say. */
static inline void *plain_take(per_decoder *d, size_t size) {
  return h46017_arena_fits(d->arena, size) ? h46017_arena_alloc(d->arena, size)
                                           : NULL;
}

/* Where a path was, to go back to. */
typedef struct plain_place {
  size_t pos;
  unsigned char *arena;
} plain_place;

static inline plain_place plain_here(const per_decoder *d) {
  plain_place here = {d->r.pos, d->arena->next};

  return here;
}

static bool plain_back(per_decoder *d, plain_place to) {
  h46017_arena_back(d->arena, to.arena);
  d->r.pos = to.pos;
  return false;
}

/* The next `n` bits, up to 8, are there and are all zero but those of `may`;
 * then they are in `*pbits`. */
static inline bool plain_bits(const h46017_bitreader *r, unsigned n,
                              unsigned may, unsigned *pbits) {
  h46017_bitreader ahead = *r;

  if (n > h46017_bits_left(r)) {
    return false;
  }
  *pbits = h46017_bits_get(&ahead, n);
  return (*pbits & ~may) == 0;
}

/* The octets that follow `n` bits, if so many are there; else NULL. */
static inline const uint8_t *plain_behind(const h46017_bitreader *r, unsigned n,
                                          size_t octets) {
  size_t at = h46017_bits_align_up(r->pos + n) / 8;

  return at <= r->end / 8 && octets <= r->end / 8 - at ? r->data + at : NULL;
}

static inline void plain_stand_at(h46017_bitreader *r, const uint8_t *p) {
  r->pos = (size_t)(p - r->data) * 8;
}

static inline long plain_two(const uint8_t *p) {
  return (long)p[0] << 8 | p[1];
}

/* ipAddress: 4 bits, then the address and the port. */
static bool plain_get_transport(per_decoder *d, TransportAddress_t *t) {
  struct TransportAddress__ipAddress *ip = &t->choice.ipAddress;
  const uint8_t *p = plain_behind(&d->r, 4, 6);
  unsigned bits;

  if (d->depth < 2 || p == NULL || !plain_bits(&d->r, 4, 0, &bits)) {
    return false;
  }
  t->present = TransportAddress_PR_ipAddress;
  ip->ip.buf = per_unconst(p);
  ip->ip.size = 4;
  ip->port = plain_two(p + 4);
  ip->_asn_ctx.left = H46017_PER_ALL_GIVEN;
  plain_stand_at(&d->r, p + 6);
  return true;
}

/* BMPString with one octet of length, or as many characters as digits. */
static bool plain_get_h323_id(per_decoder *d, AliasAddress_t *a) {
  const uint8_t *p = plain_behind(&d->r, 2, 1);
  size_t octets;

  if (p == NULL) {
    return false;
  }
  octets = ((size_t)p[0] + 1) * 2;
  p = plain_behind(&d->r, 2, 1 + octets);
  if (p == NULL) {
    return false;
  }
  a->present = AliasAddress_PR_h323_ID;
  a->choice.h323_ID.buf = per_unconst(p + 1);
  a->choice.h323_ID.size = (int)octets;
  plain_stand_at(&d->r, p + 1 + octets);
  return true;
}

static bool plain_get_alias(per_decoder *d, AliasAddress_t *a) {
  unsigned bits;

  return d->depth >= 1 && plain_bits(&d->r, 2, 1, &bits) && bits == 1 &&
         plain_get_h323_id(d, a);
}

static inline void plain_h221(H221NonStandard_t *v, const uint8_t *p) {
  v->t35CountryCode = p[0];
  v->t35Extension = p[1];
  v->manufacturerCode = plain_two(p + 2);
  v->_asn_ctx.left = H46017_PER_ALL_GIVEN;
}

/* OCTET STRING (SIZE (1..256)) on an octet; `*pp` moves behind it. */
static inline bool plain_string(per_decoder *d, const uint8_t **pp,
                                OCTET_STRING_t **pout) {
  const uint8_t *p = *pp;
  size_t left = d->r.end / 8 - (size_t)(p - d->r.data);
  OCTET_STRING_t *out;

  if (left == 0 || left - 1 <= p[0]) {
    return false;
  }
  out = plain_take(d, sizeof(*out));
  if (out == NULL) {
    return false;
  }
  out->buf = per_unconst(p + 1);
  out->size = p[0] + 1;
  *pp = p + 1 + out->size;
  *pout = out;
  return true;
}

/* Extension bits of both structures, productId, versionId; then octets. */
static bool plain_get_vendor(per_decoder *d, VendorIdentifier_t *v) {
  plain_place start = plain_here(d);
  const uint8_t *h221 = plain_behind(&d->r, 4, 4);
  const uint8_t *p;
  OCTET_STRING_t *product = NULL;
  OCTET_STRING_t *version = NULL;
  unsigned bits;

  if (d->depth < 2 || h221 == NULL || !plain_bits(&d->r, 4, 6, &bits)) {
    return false;
  }
  p = h221 + 4;
  if (((bits & 4) != 0 && !plain_string(d, &p, &product)) ||
      ((bits & 2) != 0 && !plain_string(d, &p, &version))) {
    return plain_back(d, start);
  }
  plain_h221(&v->vendor, h221);
  v->productId = product;
  v->versionId = version;
  v->_asn_ctx.left = H46017_PER_ALL_GIVEN;
  plain_stand_at(&d->r, p);
  return true;
}

/* A terminal or something that does not say what it is, with or without its
 * vendor. */
static bool plain_get_endpoint_type(per_decoder *d, EndpointType_t *t) {
  plain_place start = plain_here(d);
  VendorIdentifier_t *vendor = NULL;
  TerminalInfo_t *terminal = NULL;
  unsigned bits;
  unsigned flags;

  if (d->depth < 2 || !plain_bits(&d->r, 7, 0x11, &bits)) {
    return false;
  }
  d->r.pos += 7;
  if ((bits & 0x10) != 0) {
    vendor = plain_take(d, sizeof(*vendor));
    d->depth--;
    if (vendor == NULL || !plain_get_vendor(d, vendor)) {
      d->depth++;
      return plain_back(d, start);
    }
    d->depth++;
  }
  if ((bits & 1) != 0) {
    terminal = plain_take(d, sizeof(*terminal));
    if (terminal == NULL || !plain_bits(&d->r, 2, 0, &flags)) {
      return plain_back(d, start);
    }
    terminal->_asn_ctx.left = H46017_PER_ALL_GIVEN;
    d->r.pos += 2;
  }
  if (!plain_bits(&d->r, 2, 3, &flags)) {
    return plain_back(d, start);
  }
  d->r.pos += 2;
  t->vendor = vendor;
  t->terminal = terminal;
  t->mc = (flags & 2) != 0;
  t->undefinedNode = (flags & 1) != 0;
  t->_asn_ctx.left = H46017_PER_ALL_GIVEN;
  return true;
}

/* INTEGER (0..16383, ...) at `p`, two octets, in the shortest form. */
static bool plain_get_standard(per_decoder *d, const uint8_t *p,
                               GenericIdentifier_t *id) {
  size_t size = p[0] == 0 && p[1] < 0x80 ? 1 : 2;
  uint8_t *own = p[0] < 0x40 ? plain_take(d, size) : NULL;

  if (own == NULL) {
    return false;
  }
  own[0] = p[2 - size];
  own[size - 1] = p[1];
  id->present = GenericIdentifier_PR_standard;
  id->choice.standard.buf = own;
  id->choice.standard.size = (int)size;
  plain_stand_at(&d->r, p + 2);
  return true;
}

/* standard: 4 bits, of which one says that it is below 16384. */
static bool plain_get_identifier(per_decoder *d, GenericIdentifier_t *id) {
  const uint8_t *p = plain_behind(&d->r, 4, 2);
  unsigned bits;

  return d->depth >= 1 && p != NULL && plain_bits(&d->r, 4, 0, &bits) &&
         plain_get_standard(d, p, id);
}

/* A feature that has no parameters: 2 bits and its identifier. */
static bool plain_get_generic_data(per_decoder *d, GenericData_t *g) {
  const uint8_t *p = plain_behind(&d->r, 6, 2);
  unsigned bits;

  if (d->depth < 2 || p == NULL || !plain_bits(&d->r, 6, 0, &bits) ||
      !plain_get_standard(d, p, &g->id)) {
    return false;
  }
  g->_asn_ctx.left = H46017_PER_ALL_GIVEN;
  return true;
}

static int plain_decode_identifier(per_decoder *d, const h46017_node *n,
                                   void *st) {
  return plain_get_identifier(d, st) ? 0 : h46017_per_decode_kind(d, n, st);
}

static int plain_decode_generic_data(per_decoder *d, const h46017_node *n,
                                     void *st) {
  return plain_get_generic_data(d, st) ? 0 : h46017_per_decode_kind(d, n, st);
}

static int plain_decode_transport(per_decoder *d, const h46017_node *n,
                                  void *st) {
  return plain_get_transport(d, st) ? 0 : h46017_per_decode_kind(d, n, st);
}

static int plain_decode_alias(per_decoder *d, const h46017_node *n, void *st) {
  return plain_get_alias(d, st) ? 0 : h46017_per_decode_kind(d, n, st);
}

static int plain_decode_vendor(per_decoder *d, const h46017_node *n, void *st) {
  return plain_get_vendor(d, st) ? 0 : h46017_per_decode_kind(d, n, st);
}

static int plain_decode_endpoint_type(per_decoder *d, const h46017_node *n,
                                      void *st) {
  return plain_get_endpoint_type(d, st) ? 0 : h46017_per_decode_kind(d, n, st);
}

/* -- encoding ---------------------------------------------------------- */

/* Have the first `n` components of a SEQUENCE a value? */
static inline bool plain_given(const asn_struct_ctx_t *ctx, unsigned n) {
  return (~(size_t)ctx->left & (((size_t)1 << n) - 1)) == 0;
}

static inline bool plain_fits(long v, long most) {
  return v >= 0 && v <= most;
}

static size_t plain_encode_transport(per_encoder *e, const h46017_node *n,
                                     const void *st, size_t pos) {
  const TransportAddress_t *t = st;
  const struct TransportAddress__ipAddress *ip = &t->choice.ipAddress;
  size_t at = h46017_bits_align_up(pos + 4);
  uint8_t *p;

  if (e->depth < 2 || t->present != TransportAddress_PR_ipAddress ||
      !plain_given(&ip->_asn_ctx, 2) || ip->ip.buf == NULL ||
      ip->ip.size != 4 || !plain_fits(ip->port, 65535) ||
      at + 48 > e->room.cap) {
    return h46017_per_encode_kind(e, n, st, pos);
  }
  (void)h46017_bits_put_few(&e->room, pos, 0, 4);
  p = e->room.data + at / 8;
  memcpy(p, ip->ip.buf, 4);
  p[4] = (uint8_t)(ip->port >> 8);
  p[5] = (uint8_t)ip->port;
  return at + 48;
}

static size_t plain_encode_alias(per_encoder *e, const h46017_node *n,
                                 const void *st, size_t pos) {
  const AliasAddress_t *a = st;
  const BMPString_t *s = &a->choice.h323_ID;
  size_t at = h46017_bits_align_up(pos + 2);
  uint8_t *p;

  if (e->depth < 1 || a->present != AliasAddress_PR_h323_ID || s->buf == NULL ||
      s->size < 2 || s->size > 512 || (s->size & 1) != 0 ||
      at + (1 + (size_t)s->size) * 8 > e->room.cap) {
    return h46017_per_encode_kind(e, n, st, pos);
  }
  (void)h46017_bits_put_few(&e->room, pos, 1, 2);
  p = e->room.data + at / 8;
  p[0] = (uint8_t)(s->size / 2 - 1);
  return h46017_bits_copy(p + 1, s->buf, (size_t)s->size,
                          at + (1 + (size_t)s->size) * 8);
}

static inline bool plain_is_h221(const H221NonStandard_t *v) {
  return plain_given(&v->_asn_ctx, 3) && v->_asn_ctx.ptr == NULL &&
         plain_fits(v->t35CountryCode, 255) &&
         plain_fits(v->t35Extension, 255) &&
         plain_fits(v->manufacturerCode, 65535);
}

/* Absent, or a string of 1 to 256. */
static inline bool plain_is_string(const OCTET_STRING_t *s) {
  return s == NULL || (s->buf != NULL && s->size >= 1 && s->size <= 256);
}

/* What such a string takes, its length included. */
static inline size_t plain_string_octets(const OCTET_STRING_t *s) {
  return s != NULL ? 1 + (size_t)s->size : 0;
}

static inline uint8_t *plain_put_string(uint8_t *p, const OCTET_STRING_t *s) {
  if (s == NULL) {
    return p;
  }
  *p++ = (uint8_t)(s->size - 1);
  (void)h46017_bits_copy(p, s->buf, (size_t)s->size, 0);
  return p + s->size;
}

static bool plain_is_vendor(const VendorIdentifier_t *v) {
  return v->enterpriseNumber == NULL && v->_asn_ctx.ptr == NULL &&
         plain_is_h221(&v->vendor) && plain_is_string(v->productId) &&
         plain_is_string(v->versionId);
}

/* PER_FAILED: there is no room. */
static size_t plain_put_vendor(const per_encoder *e,
                               const VendorIdentifier_t *v, size_t pos) {
  size_t at = h46017_bits_align_up(pos + 4);
  size_t octets =
      4 + plain_string_octets(v->productId) + plain_string_octets(v->versionId);
  uint8_t *p;

  if (at + octets * 8 > e->room.cap) {
    return PER_FAILED;
  }
  (void)h46017_bits_put_few(
      &e->room, pos,
      (v->productId != NULL ? 4U : 0) | (v->versionId != NULL ? 2U : 0), 4);
  p = e->room.data + at / 8;
  p[0] = (uint8_t)v->vendor.t35CountryCode;
  p[1] = (uint8_t)v->vendor.t35Extension;
  p[2] = (uint8_t)(v->vendor.manufacturerCode >> 8);
  p[3] = (uint8_t)v->vendor.manufacturerCode;
  p = plain_put_string(p + 4, v->productId);
  (void)plain_put_string(p, v->versionId);
  return at + octets * 8;
}

static size_t plain_encode_vendor(per_encoder *e, const h46017_node *n,
                                  const void *st, size_t pos) {
  size_t end = e->depth >= 2 && plain_is_vendor(st)
                   ? plain_put_vendor(e, st, pos)
                   : PER_FAILED;

  return end != PER_FAILED ? end : h46017_per_encode_kind(e, n, st, pos);
}

static size_t plain_encode_endpoint_type(per_encoder *e, const h46017_node *n,
                                         const void *st, size_t pos) {
  const EndpointType_t *t = st;
  const TerminalInfo_t *terminal = t->terminal;
  unsigned flags;
  size_t end;

  if (e->depth < 3 || t->nonStandardData != NULL || t->gatekeeper != NULL ||
      t->gateway != NULL || t->mcu != NULL || t->set != NULL ||
      t->supportedTunnelledProtocols != NULL || t->_asn_ctx.ptr != NULL ||
      ((size_t)t->_asn_ctx.left & 0xc0) != 0xc0 ||
      (t->vendor != NULL && !plain_is_vendor(t->vendor)) ||
      (terminal != NULL &&
       (terminal->nonStandardData != NULL || terminal->_asn_ctx.ptr != NULL))) {
    return h46017_per_encode_kind(e, n, st, pos);
  }
  flags = (t->mc != 0 ? 2U : 0) | (t->undefinedNode != 0);
  if (t->vendor == NULL && terminal == NULL) { /* as in a keep-alive */
    return h46017_bits_put_few(&e->room, pos, flags, 9);
  }
  end = h46017_bits_put_few(
      &e->room, pos,
      (t->vendor != NULL ? 0x10U : 0) | (terminal != NULL ? 1U : 0), 7);
  if (t->vendor != NULL) {
    end = plain_put_vendor(e, t->vendor, end);
    if (end == PER_FAILED) {
      return h46017_per_encode_kind(e, n, st, pos);
    }
  }
  return h46017_bits_put_few(&e->room, end, flags, terminal != NULL ? 4 : 2);
}

/* `bits` zeros and a standard identifier; PER_FAILED: it is not one, or there
 * is no room. */
static inline size_t plain_put_standard(const per_encoder *e,
                                        const GenericIdentifier_t *id,
                                        size_t pos, unsigned bits) {
  const INTEGER_t *in = &id->choice.standard;
  size_t at = h46017_bits_align_up(pos + bits);
  uint8_t *p;

  if (id->present != GenericIdentifier_PR_standard || in->buf == NULL ||
      in->size < 1 || in->size > 2 ||
      in->buf[0] >= (in->size == 1 ? 0x80 : 0x40) || at + 16 > e->room.cap) {
    return PER_FAILED;
  }
  (void)h46017_bits_put_few(&e->room, pos, 0, bits);
  p = e->room.data + at / 8;
  p[0] = in->size == 1 ? 0 : in->buf[0];
  p[1] = in->buf[in->size - 1];
  return at + 16;
}

static size_t plain_encode_identifier(per_encoder *e, const h46017_node *n,
                                      const void *st, size_t pos) {
  size_t end = e->depth >= 1 ? plain_put_standard(e, st, pos, 4) : PER_FAILED;

  return end != PER_FAILED ? end : h46017_per_encode_kind(e, n, st, pos);
}

static size_t plain_encode_generic_data(per_encoder *e, const h46017_node *n,
                                        const void *st, size_t pos) {
  const GenericData_t *g = st;
  size_t end = e->depth >= 2 && g->parameters == NULL && g->_asn_ctx.ptr == NULL
                   ? plain_put_standard(e, &g->id, pos, 6)
                   : PER_FAILED;

  return end != PER_FAILED ? end : h46017_per_encode_kind(e, n, st, pos);
}

/* ---------------------------------------------------------------------- */

static const h46017_plain plain_types[] = {
    {&asn_DEF_AliasAddress, plain_decode_alias, plain_encode_alias},
    {&asn_DEF_EndpointType, plain_decode_endpoint_type,
     plain_encode_endpoint_type},
    {&asn_DEF_FeatureDescriptor, plain_decode_generic_data,
     plain_encode_generic_data},
    {&asn_DEF_GenericData, plain_decode_generic_data,
     plain_encode_generic_data},
    {&asn_DEF_GenericIdentifier, plain_decode_identifier,
     plain_encode_identifier},
    {&asn_DEF_TransportAddress, plain_decode_transport, plain_encode_transport},
    {&asn_DEF_VendorIdentifier, plain_decode_vendor, plain_encode_vendor},
};

const h46017_plain *h46017_plain_find(const asn_TYPE_descriptor_t *type) {
  for (size_t i = 0; i < sizeof(plain_types) / sizeof(plain_types[0]); i++) {
    if (plain_types[i].type == type) {
      return &plain_types[i];
    }
  }
  return NULL;
}
