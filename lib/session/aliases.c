/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/aliases.h"

#include "base/mem.h"
#include "base/text.h"

#include <h46017/error.h>
#include <h46017/identity.h>

#include <string.h>

size_t h46017_aliases_size(const h46017_alias *list, size_t count) {
  size_t size = count * sizeof(h46017_alias);

  for (size_t i = 0; i < count; i++) {
    size += list[i].text.len + 1;
  }
  return size;
}

h46017_alias *h46017_aliases_copy(void *room, const h46017_alias *list,
                                  size_t count) {
  h46017_alias *copy = room;
  char *text = (char *)(copy + count);

  for (size_t i = 0; i < count; i++) {
    copy[i] = list[i];
    if (list[i].text.text != NULL) {
      memcpy(text, list[i].text.text, list[i].text.len);
      text[list[i].text.len] = '\0';
      copy[i].text.text = text;
      text += list[i].text.len + 1;
    }
  }
  return copy;
}

int h46017_aliases_dup(const h46017_mem *mem, const h46017_alias *list,
                       size_t count, h46017_alias **pout) {
  void *room =
      h46017_mem_alloc(mem, h46017_aliases_size(list, count) + 1); /* not 0 */

  if (room == NULL) {
    return H46017_ERR_NOMEM;
  }
  *pout = h46017_aliases_copy(room, list, count);
  return 0;
}

int h46017_alias_check(const h46017_alias *alias) {
  const h46017_text *text = &alias->text;
  bool fits = false;

  if (text->text == NULL || text->len == 0 ||
      text->len > H46017_ALIAS_TEXT_MAX ||
      !h46017_text_is_valid(text->text, text->len)) {
    return H46017_ERR_ALIAS_INVALID;
  }
  switch (alias->type) {
  case H46017_ALIAS_DIALLED_DIGITS:
  case H46017_ALIAS_PARTY_NUMBER:
    fits = text->len <= 128 && h46017_text_is_digits(text->text, text->len);
    break;
  case H46017_ALIAS_H323_ID:
    fits = h46017_text_bmp_size(text->text, text->len) <= 2 * 256;
    break;
  case H46017_ALIAS_URL_ID:
  case H46017_ALIAS_EMAIL_ID:
    fits = text->len <= 512 && h46017_text_is_ascii(text->text, text->len);
    break;
  case H46017_ALIAS_TRANSPORT_ID:
  case H46017_ALIAS_MOBILE_UIM:
  case H46017_ALIAS_ISUP_NUMBER:
  case H46017_ALIAS_UNKNOWN:
    break;
  }
  return fits ? 0 : H46017_ERR_ALIAS_INVALID;
}

/* Twelve hexadecimal digits, whatever stands between them. */
static size_t alias_put_mac(const char *text, size_t len, uint8_t *out) {
  size_t n = 0;

  for (size_t i = 0; i < len; i++) {
    char c = h46017_text_lower(text[i]);
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
      out[n++] = (uint8_t)c;
    }
  }
  return n;
}

h46017_text h46017_alias_name(const h46017_alias *alias) {
  static const char scheme[] = "h323:";
  h46017_text name = alias->text;
  size_t n = 0;

  if (alias->type != H46017_ALIAS_URL_ID) {
    return name;
  }
  while (n < sizeof(scheme) - 1 && n < name.len &&
         h46017_text_lower(name.text[n]) == scheme[n]) {
    n++;
  }
  if (n == sizeof(scheme) - 1 && n < name.len) {
    name.text += n;
    name.len -= n;
  }
  return name;
}

/* A host has no letter case. */
static size_t alias_put_url(h46017_text url, uint8_t *out) {
  size_t host = url.len;

  for (size_t i = url.len; i > 0 && host == url.len; i--) {
    host = url.text[i - 1] == '@' ? i : host;
  }
  for (size_t i = 0; i < url.len; i++) {
    *out++ =
        (uint8_t)(i >= host ? h46017_text_lower(url.text[i]) : url.text[i]);
  }
  return url.len;
}

size_t h46017_alias_key(const h46017_alias *alias, uint8_t *key) {
  static const char mac[] = "000000000000";
  const char *text = alias->text.text;
  size_t len = alias->text.len;
  uint8_t digits[32];
  size_t n = 0;

  if (h46017_alias_check(alias) != 0) {
    return 0;
  }
  key[n++] = (uint8_t)alias->type;
  if (alias->type == H46017_ALIAS_PARTY_NUMBER) {
    key[n++] = (uint8_t)(alias->subtype >> 8);
    key[n++] = (uint8_t)alias->subtype;
  }
  if (alias->type == H46017_ALIAS_URL_ID ||
      alias->type == H46017_ALIAS_EMAIL_ID) {
    return n + alias_put_url(h46017_alias_name(alias), key + n);
  }
  if (alias->type != H46017_ALIAS_H323_ID ||
      !h46017_name_is_serial(text, len)) {
    memcpy(key + n, text, len);
    return n + len;
  }
  /* One of the spellings of a MAC address: it equals its plain form. */
  if (len <= sizeof(digits) && alias_put_mac(text, len, digits) == 12) {
    memcpy(key + n, digits, 12);
    if (h46017_name_is_equal(text, len, (const char *)digits,
                             sizeof(mac) - 1)) {
      return n + 12;
    }
  }
  for (size_t i = 0; i < len; i++) {
    key[n++] = (uint8_t)h46017_text_lower(text[i]);
  }
  return n;
}
