/* SPDX-License-Identifier: BSD-2-Clause */
#include "asn1/ras_token.h"

#include "asn1/h225_message.h"

#include <h46017/error.h>

#include <string.h>

typedef struct token_builder {
  h46017_h225 *m;
  int error; /* the first; nothing is allocated behind it */
} token_builder;

/* From the message's arena, clear; NULL: something has failed. */
static void *token_alloc(token_builder *b, size_t size) {
  void *p = b->error == 0 ? h46017_h225_alloc(b->m, size) : NULL;

  if (p == NULL && b->error == 0) {
    b->error = b->m->error.code;
  }
  return p;
}

#define TOKEN_NEW(b, pointer)                                                  \
  (((pointer) = token_alloc((b), sizeof(*(pointer)))) != NULL)

/* Of INTEGER, OBJECT IDENTIFIER and the strings: all alike. */
static void token_octets(token_builder *b, const void *data, size_t len,
                         uint8_t **pbuf, int *psize) {
  *pbuf = token_alloc(b, len);
  if (*pbuf != NULL) {
    memcpy(*pbuf, data, len);
    *psize = (int)len;
  }
}

static void token_bmp(token_builder *b, const h46017_octets *in,
                      BMPString_t **out) {
  if (in->data != NULL && TOKEN_NEW(b, *out)) {
    token_octets(b, in->data, in->len, &(*out)->buf, &(*out)->size);
  }
}

/* A HASHED without parameters. */
static void token_hashed(token_builder *b, const h46017_ras_token *t,
                         H235Hashed_t *out) {
  out->_asn_ctx.left = H46017_PER_ALL_GIVEN;
  token_octets(b, t->algorithm.data, t->algorithm.len, &out->algorithmOID.buf,
               &out->algorithmOID.size);
  token_octets(b, t->hash.data, t->hash.len, &out->hash.buf, &out->hash.size);
}

static void token_clear(token_builder *b, const h46017_ras_token *t,
                        H235ClearToken_t *out) {
  uint8_t random[8];

  out->_asn_ctx.left = H46017_PER_ALL_GIVEN;
  token_octets(b, t->clear_oid.data, t->clear_oid.len, &out->tokenOID.buf,
               &out->tokenOID.size);
  if (TOKEN_NEW(b, out->timeStamp)) {
    *out->timeStamp = t->time;
  }
  if (t->challenge.data != NULL && TOKEN_NEW(b, out->challenge)) {
    token_octets(b, t->challenge.data, t->challenge.len, &out->challenge->buf,
                 &out->challenge->size);
  }
  if (TOKEN_NEW(b, out->random)) {
    token_octets(b, random, h46017_per_from_int64(t->random, random),
                 &out->random->buf, &out->random->size);
  }
  token_bmp(b, &t->general_id, &out->generalID);
  token_bmp(b, &t->senders_id, &out->sendersID);
}

/* asn1c gives every SEQUENCE OF a type of its own; they are all alike. */
typedef struct RegistrationRequest__cryptoTokens token_list;

static const void *token_message(const h46017_h225 *m,
                                 const h46017_node **pnode) {
  const h46017_node *n = m->type->node;
  const int present = h46017_choice_present(n, m->root);

  if (present <= 0) {
    return NULL;
  }
  *pnode = n->members[present - 1].node;
  return h46017_member_get(&n->members[present - 1], m->root);
}

/* The message's list of this name, which may not have been there. */
static token_list *token_list_of(token_builder *b, const char *name) {
  const h46017_node *node = NULL;
  const void *st = token_message(b->m, &node);
  const h46017_member *member =
      st != NULL ? h46017_node_member(node, name, strlen(name)) : NULL;
  token_list *list = NULL;
  void *place;

  if (member == NULL) {
    b->error = H46017_ERR_INVALID_ARGUMENT;
    return NULL;
  }
  memcpy(&list, h46017_at_const(st, member->offset), sizeof(void *));
  if (list == NULL && TOKEN_NEW(b, list)) {
    memcpy(&place, &st, sizeof(place)); /* in the message: it may change */
    h46017_member_link(member, place, list);
  }
  return list;
}

/* One more element. */
static void *token_add(token_builder *b, const char *name, size_t size) {
  token_list *l = token_list_of(b, name);
  size_t count;
  void *token;
  void **array;

  if (l == NULL) {
    return NULL;
  }
  if (b->m->elements >= b->m->settings.max_elements) {
    b->error = H46017_ERR_PER_BUDGET;
    return NULL;
  }
  count = (size_t)l->list.count;
  array = token_alloc(b, (count + 1) * sizeof(void *));
  token = token_alloc(b, size);
  if (token == NULL) {
    return NULL;
  }
  if (count > 0) {
    memcpy(array, l->list.array, count * sizeof(void *));
  }
  array[count] = token;
  memcpy(&l->list.array, &array, sizeof(void *));
  l->list.count = l->list.size = (int)count + 1;
  l->_asn_ctx.left = 1;
  b->m->elements++;
  return token;
}

int h46017_ras_add_clear(h46017_h225 *m, const h46017_ras_token *t) {
  token_builder b = {m, 0};
  H235ClearToken_t *token = token_add(&b, "tokens", sizeof(*token));

  if (token != NULL) {
    token_clear(&b, t, token);
  }
  return b.error;
}

int h46017_ras_add_hashed(h46017_h225 *m, const h46017_ras_token *t) {
  token_builder b = {m, 0};
  CryptoH323Token_t *token = token_add(&b, "cryptoTokens", sizeof(*token));
  H235CryptoToken_t *nested;
  struct H235CryptoToken__cryptoHashedToken *hashed;

  if (token != NULL) {
    token->present = CryptoH323Token_PR_nestedcryptoToken;
    nested = &token->choice.nestedcryptoToken;
    nested->present = H235CryptoToken_PR_cryptoHashedToken;
    hashed = &nested->choice.cryptoHashedToken;
    hashed->_asn_ctx.left = H46017_PER_ALL_GIVEN;
    token_octets(&b, t->oid.data, t->oid.len, &hashed->tokenOID.buf,
                 &hashed->tokenOID.size);
    token_clear(&b, t, &hashed->hashedVals);
    token_hashed(&b, t, &hashed->token);
  }
  return b.error;
}

int h46017_ras_add_pwd_hash(h46017_h225 *m, const h46017_ras_token *t) {
  token_builder b = {m, 0};
  CryptoH323Token_t *token = token_add(&b, "cryptoTokens", sizeof(*token));
  struct CryptoH323Token__cryptoEPPwdHash *pwd;

  if (token != NULL) {
    token->present = CryptoH323Token_PR_cryptoEPPwdHash;
    pwd = &token->choice.cryptoEPPwdHash;
    pwd->_asn_ctx.left = H46017_PER_ALL_GIVEN;
    pwd->alias.present = AliasAddress_PR_h323_ID;
    token_octets(&b, t->senders_id.data, t->senders_id.len,
                 &pwd->alias.choice.h323_ID.buf,
                 &pwd->alias.choice.h323_ID.size);
    pwd->timeStamp = t->time;
    token_hashed(&b, t, &pwd->token);
  }
  return b.error;
}
