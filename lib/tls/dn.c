/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls/credential.h"

#include <string.h>

#define DN_VALUE_MAX 1024

static int dn_hex(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 4514 2.4: the value up to an unescaped `,` or `+`. Its octets into `out`,
 * blanks at its ends left away unless escaped. -1: not valid. */
static int dn_value(const char **ptext, char *out) {
  const char *p = *ptext;
  int n = 0;
  int keep = 0;

  while (*p == ' ') {
    p++;
  }
  for (; *p != '\0' && *p != ',' && *p != '+'; p++) {
    char c = *p;

    if (n == DN_VALUE_MAX || strchr("\";<>", c) != NULL ||
        (n == 0 && c == '#')) {
      return -1;
    }
    if (c == '\\') {
      if (dn_hex(p[1]) >= 0 && dn_hex(p[2]) >= 0) {
        c = (char)(dn_hex(p[1]) << 4 | dn_hex(p[2]));
        p += 2;
      } else if (p[1] != '\0' && strchr(",+\"\\<>;=# ", p[1]) != NULL) {
        c = *++p;
      } else {
        return -1;
      }
      keep = n + 1;
    }
    out[n++] = c;
    if (c != ' ') {
      keep = n;
    }
  }
  *ptext = p;
  return keep;
}

static bool dn_type(const char **ptext, char *out, size_t size) {
  const char *p = *ptext;
  size_t n = 0;

  while (*p == ' ') {
    p++;
  }
  for (; *p != '\0' && *p != '=' && *p != ' '; p++) {
    if (n + 1 == size) {
      return false;
    }
    out[n++] = *p;
  }
  out[n] = '\0';
  while (*p == ' ') {
    p++;
  }
  *ptext = p + 1;
  return n > 0 && *p == '=';
}

/* RFC 4514 2.3: case does not count in a type's name. The nine that everybody
 * has to know (`uid` is not what OpenSSL has by that name) and what else stands
 * in certificates of devices; others as OpenSSL spells them, or an OID. */
static int dn_nid(const char *type) {
  static const int known[] = {
      NID_commonName,
      NID_localityName,
      NID_stateOrProvinceName,
      NID_organizationName,
      NID_organizationalUnitName,
      NID_countryName,
      NID_streetAddress,
      NID_domainComponent,
      NID_userId,
      NID_serialNumber,
      NID_pkcs9_emailAddress,
      NID_givenName,
      NID_surname,
      NID_title,
  };

  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    if (OPENSSL_strcasecmp(type, OBJ_nid2sn(known[i])) == 0 ||
        OPENSSL_strcasecmp(type, OBJ_nid2ln(known[i])) == 0) {
      return known[i];
    }
  }
  return NID_undef;
}

static bool dn_add(X509_NAME *name, const char *type, const char *value,
                   int len, int set) {
  const unsigned char *octets = (const unsigned char *)value;
  int nid = dn_nid(type);

  return (nid != NID_undef
              ? X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, octets,
                                           len, 0, set)
              : X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8, octets,
                                           len, 0, set)) == 1;
}

int h46017_dn_parse(X509_NAME *name, const char *text) {
  const char *p = text;
  int set = 0;

  for (;;) {
    char type[64];
    char value[DN_VALUE_MAX];
    int len;

    if (!dn_type(&p, type, sizeof(type))) {
      return H46017_ERR_DN;
    }
    len = dn_value(&p, value);
    /* the text begins with what the encoding ends with */
    if (len <= 0 || memchr(value, '\0', (size_t)len) != NULL ||
        !dn_add(name, type, value, len, set)) {
      ERR_clear_error();
      return H46017_ERR_DN;
    }
    if (*p == '\0') {
      return 0;
    }
    set = *p == '+' ? 1 : 0;
    p++;
  }
}

static int san_type(const char *text, const char **pvalue) {
  static const struct {
    const char *prefix;
    int type;
  } known[] = {
      {"DNS:", GEN_DNS},
      {"IP:", GEN_IPADD},
      {"URI:", GEN_URI},
      {"email:", GEN_EMAIL},
  };

  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    size_t len = strlen(known[i].prefix);

    if (strncmp(text, known[i].prefix, len) == 0) {
      *pvalue = text + len;
      return known[i].type;
    }
  }
  return -1;
}

static bool san_is_visible(const char *text) {
  for (const char *p = text; *p != '\0'; p++) {
    if (*p <= ' ' || *p > '~') {
      return false;
    }
  }
  return text[0] != '\0' && strlen(text) <= DN_VALUE_MAX;
}

int h46017_san_parse(GENERAL_NAMES **pnames, const char *const *texts,
                     size_t count) {
  GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

  if (names == NULL) {
    return H46017_ERR_NOMEM;
  }
  for (size_t i = 0; i < count; i++) {
    const char *value = NULL;
    int type = san_type(texts[i], &value);
    GENERAL_NAME *name = NULL;

    if (type >= 0 && san_is_visible(value)) {
      name = a2i_GENERAL_NAME(NULL, NULL, NULL, type, value, 0);
    }
    if (name == NULL || sk_GENERAL_NAME_push(names, name) <= 0) {
      ERR_clear_error();
      GENERAL_NAME_free(name);
      GENERAL_NAMES_free(names);
      return H46017_ERR_SAN;
    }
  }
  *pnames = names;
  return 0;
}
