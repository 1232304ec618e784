/* SPDX-License-Identifier: BSD-2-Clause */
#include "rrq_reader.h"

#include <string.h>

/* Once something does not fit, `ok` is false and everything reads as zero, so
 * that only loops need to look. */
typedef struct reader {
  const uint8_t *data;
  size_t pos; /* bits */
  size_t end;
  bool ok;
} reader;

static uint32_t get_bits(reader *r, unsigned n) {
  uint32_t v = 0;

  if (n > r->end - r->pos) {
    r->ok = false;
    r->pos = r->end;
    return 0;
  }
  while (n > 0) {
    unsigned room = 8 - (unsigned)(r->pos & 7);
    unsigned take = n < room ? n : room;
    uint32_t part = (uint32_t)r->data[r->pos >> 3] >> (room - take);
    v = v << take | (part & ((1U << take) - 1));
    r->pos += take;
    n -= take;
  }
  return v;
}

static bool get_flag(reader *r) {
  bool flag;

  if (r->pos == r->end) {
    r->ok = false;
    return false;
  }
  flag = (r->data[r->pos >> 3] >> (7 - (r->pos & 7)) & 1) != 0;
  r->pos++;
  return flag;
}

/* `n` whole octets, aligned. */
static const uint8_t *get_octets(reader *r, size_t n) {
  const uint8_t *p;

  r->pos = (r->pos + 7) & ~(size_t)7;
  if (n > (r->end - r->pos) / 8) {
    r->ok = false;
    r->pos = r->end;
    return r->data;
  }
  p = r->data + r->pos / 8;
  r->pos += n * 8;
  return p;
}

static unsigned get_octet(reader *r) {
  const uint8_t *p = get_octets(r, 1);
  return r->ok ? p[0] : 0;
}

static unsigned get_two(reader *r) {
  const uint8_t *p = get_octets(r, 2);
  return r->ok ? (unsigned)p[0] << 8 | p[1] : 0;
}

/* The general length; fragments are refused. */
static size_t get_length(reader *r) {
  size_t first = get_octet(r);

  if (first < 0x80) {
    return first;
  }
  if (first >= 0xc0) {
    r->ok = false;
    return 0;
  }
  return (first & 0x3f) << 8 | get_octet(r);
}

static rrq_text get_text(reader *r, size_t len) {
  rrq_text text;

  text.octets = get_octets(r, len);
  text.len = len;
  return text;
}

/* GatekeeperIdentifier, EndpointIdentifier: BMPString (SIZE (1..128)). */
static rrq_text get_identifier(reader *r) {
  return get_text(r, ((size_t)get_bits(r, 7) + 1) * 2);
}

/* X.691 19.7 - 19.9: additions that nobody looks at. */
static void skip_additions(reader *r) {
  unsigned count;
  uint32_t bitmap;

  if (get_flag(r)) { /* 65 or more */
    r->ok = false;
    return;
  }
  count = get_bits(r, 6) + 1;
  if (count > 32) {
    r->ok = false;
    return;
  }
  bitmap = get_bits(r, count);
  for (; bitmap != 0; bitmap &= bitmap - 1) {
    (void)get_octets(r, get_length(r));
  }
}

static void skip_non_standard(reader *r) {
  bool extended = get_flag(r);

  if (get_flag(r)) { /* NonStandardIdentifier: extension marker */
    r->ok = false;
  } else if (get_flag(r)) { /* h221NonStandard */
    bool more = get_flag(r);
    (void)get_octets(r, 4);
    if (more) {
      skip_additions(r);
    }
  } else {
    (void)get_octets(r, get_length(r));
  }
  (void)get_octets(r, get_length(r)); /* data */
  if (extended) {
    skip_additions(r);
  }
}

static void skip_addresses(reader *r) {
  for (size_t n = get_length(r); n > 0 && r->ok; n--) {
    uint32_t choice = get_bits(r, 4); /* extension bit, 3 bits of index */
    bool extended;

    if (choice == 0) { /* ipAddress */
      (void)get_octets(r, 6);
    } else if (choice == 3) { /* ip6Address */
      extended = get_flag(r);
      (void)get_octets(r, 18);
      if (extended) {
        skip_additions(r);
      }
    } else {
      r->ok = false;
    }
  }
}

static void skip_vendor(reader *r) {
  uint32_t preamble = get_bits(r, 3);
  bool more = get_flag(r); /* of H221NonStandard */

  (void)get_octets(r, 2); /* t35CountryCode, t35Extension */
  (void)get_octets(r, 2); /* manufacturerCode */
  if (more) {
    skip_additions(r);
  }
  if ((preamble & 2) != 0) {
    (void)get_octets(r, (size_t)get_octet(r) + 1); /* productId */
  }
  if ((preamble & 1) != 0) {
    (void)get_octets(r, (size_t)get_octet(r) + 1); /* versionId */
  }
  if ((preamble & 4) != 0) {
    skip_additions(r);
  }
}

/* GatekeeperInfo, TerminalInfo: nonStandardData is all there is. */
static void skip_info(reader *r) {
  bool extended = get_flag(r);

  if (get_flag(r)) {
    skip_non_standard(r);
  }
  if (extended) {
    skip_additions(r);
  }
}

static void skip_terminal_type(reader *r) {
  uint32_t preamble = get_bits(r, 7);

  if ((preamble & 32) != 0) {
    skip_non_standard(r);
  }
  if ((preamble & 16) != 0) {
    skip_vendor(r);
  }
  if ((preamble & 8) != 0) { /* gatekeeper */
    skip_info(r);
  }
  if ((preamble & 6) != 0) { /* gateway, mcu */
    r->ok = false;
  }
  if ((preamble & 1) != 0) { /* terminal */
    skip_info(r);
  }
  (void)get_bits(r, 2); /* mc, undefinedNode */
  if ((preamble & 64) != 0) {
    skip_additions(r);
  }
}

/* IA5String (SIZE (1..128)) of 12 characters: four bits each. */
static void get_digits(reader *r, rrq_facts *out, rrq_text *text) {
  static const char alphabet[] = "#*,0123456789";
  size_t n = (size_t)get_bits(r, 7) + 1;

  r->pos = (r->pos + 7) & ~(size_t)7;
  if (n > RRQ_MAX_DIGITS - out->digit_count || n * 4 > r->end - r->pos) {
    r->ok = false;
    return;
  }
  text->octets = out->digits + out->digit_count;
  text->len = n;
  for (size_t i = 0; i < n; i++) {
    uint32_t digit =
        (uint32_t)r->data[r->pos >> 3] >> ((r->pos & 4) != 0 ? 0 : 4) & 15;
    if (digit >= sizeof(alphabet) - 1) {
      r->ok = false;
      return;
    }
    out->digits[out->digit_count++] = (uint8_t)alphabet[digit];
    r->pos += 4;
  }
}

static void get_alias(reader *r, rrq_facts *out, rrq_alias *alias) {
  size_t len;
  reader inner;

  if (!get_flag(r)) {
    alias->type = get_flag(r);
    if (alias->type == 0) {
      get_digits(r, out, &alias->text);
    } else { /* h323-ID: BMPString (SIZE (1..256)) */
      alias->text = get_text(r, ((size_t)get_octet(r) + 1) * 2);
    }
    return;
  }
  alias->type = 2 + get_bits(r, 7);
  len = get_length(r);
  inner = *r;
  alias->text = get_text(r, len);
  if (alias->type == 2 || alias->type == 4) {
    /* url-ID, email-ID: IA5String (SIZE (1..512)) in an open type */
    inner.end = r->pos;
    len = (size_t)get_two(&inner) + 1;
    alias->text = get_text(&inner, len);
    r->ok = r->ok && inner.ok;
    for (size_t i = 0; r->ok && i < len; i++) {
      r->ok = alias->text.octets[i] < 0x80;
    }
  }
}

static void get_aliases(reader *r, rrq_facts *out) {
  size_t n = get_length(r);

  if (n > RRQ_MAX_ALIASES) {
    r->ok = false;
    return;
  }
  for (size_t i = 0; i < n && r->ok; i++) {
    get_alias(r, out, &out->aliases[i]);
  }
  out->alias_count = n;
}

/* timeToLive is addition 1, keepAlive 5, endpointIdentifier 6. */
static void get_additions(reader *r, rrq_facts *out) {
  unsigned count;
  uint32_t bitmap;

  if (get_flag(r)) {
    r->ok = false;
    return;
  }
  count = get_bits(r, 6) + 1;
  if (count > 32) {
    r->ok = false;
    return;
  }
  bitmap = get_bits(r, count) << (32 - count);
  for (unsigned i = 0; bitmap != 0 && r->ok; i++, bitmap <<= 1) {
    size_t len;
    reader inner;

    if ((bitmap & 0x80000000) == 0) {
      continue;
    }
    len = get_length(r);
    inner = *r;
    (void)get_octets(r, len);
    inner.end = r->pos;
    if (i == 1) {
      unsigned octets = get_bits(&inner, 2) + 1;
      inner.pos = (inner.pos + 7) & ~(size_t)7;
      out->time_to_live = get_bits(&inner, octets * 8) + 1;
    } else if (i == 5) {
      out->keep_alive = get_flag(&inner);
    } else if (i == 6) {
      out->endpoint_identifier = get_identifier(&inner);
    }
    r->ok = r->ok && inner.ok;
  }
}

bool rrq_read(const uint8_t *per, size_t len, rrq_facts *out) {
  reader r = {per, 0, len * 8, true};
  uint32_t preamble;

  out->keep_alive = false;
  out->time_to_live = 0;
  out->alias_count = 0;
  out->digit_count = 0;
  out->endpoint_identifier.octets = NULL;
  out->endpoint_identifier.len = 0;
  out->gatekeeper_identifier = out->endpoint_identifier;
  if (get_bits(&r, 6) != 3) {
    return false;
  }
  preamble = get_bits(&r, 4);
  out->request_seq_num = (uint16_t)(get_two(&r) + 1);
  (void)get_octets(&r, get_length(&r)); /* protocolIdentifier */
  if ((preamble & 4) != 0) {
    skip_non_standard(&r);
  }
  (void)get_flag(&r); /* discoveryComplete */
  skip_addresses(&r);
  skip_addresses(&r);
  skip_terminal_type(&r);
  if ((preamble & 2) != 0) {
    get_aliases(&r, out);
  }
  if ((preamble & 1) != 0) {
    out->gatekeeper_identifier = get_identifier(&r);
  }
  skip_vendor(&r);
  if ((preamble & 8) != 0) {
    get_additions(&r, out);
  }
  return r.ok;
}
