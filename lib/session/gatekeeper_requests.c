/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "base/intmath.h"
#include "session/aliases.h"
#include "session/auth_mode.h"
#include "session/ras_io.h"

#include <stdio.h>
#include <string.h>

/* Requests that are not about registration, each with the answer H.225.0 has
 * for it. Where calls are the program's, what asks for one is refused in its
 * own words, never left to a timeout. H.225.0 7 */

typedef enum answer_reason {
  WHEN_REGISTERED, /* the sender has a registration on this connection */
  WHEN_UNKNOWN,    /* it has not */
  WHEN_DENIED,     /* the program does not trust it */
  WHEN_OVERLOADED, /* more than is served */
  WHEN_REFUSED     /* the program does not want it */
} answer_reason;

/* A reject: its message, the choice that says why, what else it must have. */
typedef struct reject_shape {
  h46017_ras_kind request;
  h46017_ras_kind answer;
  const char *reason[5]; /* below the answer's rejectReason, by answer_reason */
} reject_shape;

static const reject_shape rejects[] = {
    {H46017_RAS_GRQ,
     H46017_RAS_GRJ,
     {"undefinedReason", "undefinedReason", "securityDenial",
      "resourceUnavailable", "undefinedReason"}},
    {H46017_RAS_URQ,
     H46017_RAS_URJ,
     {"undefinedReason", "notCurrentlyRegistered", "securityDenial",
      "undefinedReason", "undefinedReason"}},
    {H46017_RAS_ARQ,
     H46017_RAS_ARJ,
     {"requestDenied", "callerNotRegistered", "securityDenial",
      "resourceUnavailable", "requestDenied"}},
    {H46017_RAS_BRQ,
     H46017_RAS_BRJ,
     {"invalidConferenceID", "notBound", "securityDenial",
      "insufficientResources", "undefinedReason"}},
    {H46017_RAS_DRQ,
     H46017_RAS_DRJ,
     {"requestToDropOther", "notRegistered", "securityDenial",
      "requestToDropOther", "requestToDropOther"}},
    {H46017_RAS_LRQ,
     H46017_RAS_LRJ,
     {"requestDenied", "notRegistered", "securityDenial", "resourceUnavailable",
      "requestDenied"}},
};

/* -- writing by path --------------------------------------------------------
 */

typedef struct answer {
  h46017_h225 *m;
  const char *name; /* the alternative of RasMessage */
  int rv;           /* the first that failed */
  char path[96];
} answer;

static const char *answer_path(answer *a, const char *component) {
  size_t name_len = strlen(a->name);
  size_t len = strlen(component);

  if (name_len + 1 + len >= sizeof(a->path)) {
    a->rv = H46017_ERR_INTERNAL;
    len = 0;
  }
  memcpy(a->path, a->name, name_len);
  a->path[name_len] = '.';
  memcpy(a->path + name_len + 1, component, len);
  a->path[name_len + 1 + len] = '\0';
  return a->path;
}

static void answer_begin(answer *a, h46017_h225 *m, h46017_ras_kind kind,
                         uint16_t seq) {
  a->m = m;
  a->name = h46017_ras_kind_name(kind);
  a->rv = h46017_h225_create(m, h46017_h225_ras_message());
  if (a->rv == 0) {
    a->rv = h46017_h225_set_uint(m, answer_path(a, "requestSeqNum"), seq);
  }
}

static void answer_uint(answer *a, const char *component, uint64_t value) {
  if (a->rv == 0) {
    a->rv = h46017_h225_set_uint(a->m, answer_path(a, component), value);
  }
}

static void answer_present(answer *a, const char *component) {
  if (a->rv == 0) {
    a->rv = h46017_h225_set_present(a->m, answer_path(a, component));
  }
}

static void answer_text(answer *a, const char *component, const char *text) {
  if (a->rv == 0) {
    a->rv = h46017_h225_set_text(a->m, answer_path(a, component), text,
                                 strlen(text));
  }
}

static void answer_octets(answer *a, const char *component,
                          const uint8_t *octets, size_t len) {
  if (a->rv == 0) {
    a->rv =
        h46017_h225_set_octets(a->m, answer_path(a, component), octets, len);
  }
}

static void answer_version(answer *a) {
  answer_text(a, "protocolIdentifier", "0.0.8.2250.0.7");
}

/* -- the answers ------------------------------------------------------------
 */

static const reject_shape *answer_reject_of(h46017_ras_kind request) {
  for (size_t i = 0; i < sizeof(rejects) / sizeof(rejects[0]); i++) {
    if (rejects[i].request == request) {
      return &rejects[i];
    }
  }
  return NULL;
}

static void answer_reject(answer *a, const reject_shape *shape,
                          answer_reason why, uint16_t seq) {
  char path[64];

  answer_begin(a, a->m, shape->answer, seq);
  (void)snprintf(path, sizeof(path), "rejectReason.%s", shape->reason[why]);
  answer_present(a, path);
  if (shape->answer == H46017_RAS_BRJ) {
    answer_uint(a, "allowedBandWidth", 0);
  } else if (shape->answer == H46017_RAS_GRJ) {
    answer_version(a);
  }
}

/* An address where one must be: on this connection none means anything. */
static void answer_nowhere(answer *a, const char *component) {
  static const uint8_t nowhere[4] = {0};
  char path[64];

  (void)snprintf(path, sizeof(path), "%s.ipAddress.ip", component);
  answer_octets(a, path, nowhere, sizeof(nowhere));
  (void)snprintf(path, sizeof(path), "%s.ipAddress.port", component);
  answer_uint(a, path, 0);
}

/* The best token of those that it offers and that would be taken from it; 0:
 * none, and it has to prove itself by what it has besides. */
static uint32_t answer_auth_mode(const h46017_connection *c,
                                 const h46017_h225 *grq) {
  const h46017_gatekeeper_settings *s = &c->gk->settings;
  const uint32_t kinds = h46017_auth_offered(grq) & s->password_kinds;

  return c->gk->crypto.digest != NULL && (c->peer->tls || s->password_over_tcp)
             ? kinds & (~kinds + 1)
             : 0;
}

/* Discovery over this connection is not needed; a client that insists learns
 * the gatekeeper's name and which password token it is to send. The address
 * that must be there means nothing here. */
static void answer_discovery(answer *a, const h46017_connection *c,
                             const h46017_h225 *grq, uint16_t seq) {
  answer_begin(a, a->m, H46017_RAS_GCF, seq);
  answer_version(a);
  answer_text(a, "gatekeeperIdentifier", c->gk->identifier);
  answer_nowhere(a, "rasAddress");
  if (a->rv == 0) {
    a->rv = h46017_auth_choose(a->m, answer_auth_mode(c, grq));
  }
}

/* Is one of the names that an LRQ looks for held here? Then calls for it come
 * over this connection, like all others. Types without text hold no name. */
static bool answer_finds(const h46017_gatekeeper *gk, const h46017_h225 *lrq) {
  h46017_h225_value list =
      h46017_h225_get(h46017_h225_root(lrq), "locationRequest.destinationInfo");
  size_t count =
      H46017_MIN(h46017_h225_count(list), (size_t)gk->settings.max_aliases);
  char name[H46017_ALIAS_TEXT_MAX + 1];

  for (size_t i = 0; i < count; i++) {
    size_t len;
    if (h46017_h225_read_text(h46017_h225_at(h46017_h225_at(list, i), 0), name,
                              sizeof(name), &len) == 0 &&
        h46017_gatekeeper_find(gk, name, len) != NULL) {
      return true;
    }
  }
  return false;
}

static void answer_location(answer *a, uint16_t seq) {
  answer_begin(a, a->m, H46017_RAS_LCF, seq);
  answer_nowhere(a, "callSignalAddress");
  answer_nowhere(a, "rasAddress");
}

/* A GRQ that asks for another gatekeeper by name is not for us. */
static bool answer_is_for_us(const h46017_connection *c,
                             const h46017_h225 *grq) {
  const char *mine = c->gk->identifier;
  char name[4 * 128 + 1];
  size_t len;
  int rv = h46017_h225_read_text(
      h46017_h225_get(h46017_h225_root(grq),
                      "gatekeeperRequest.gatekeeperIdentifier"),
      name, sizeof(name), &len);

  return rv == H46017_ERR_ABSENT || (rv == 0 && strcmp(name, mine) == 0);
}

/* Fills the message with the answer. H46017_RAS_UNKNOWN: it is not understood;
 * the answer's request itself: there is no answer to give. */
static h46017_ras_kind answer_fill(answer *a, const h46017_connection *c,
                                   const h46017_h225 *request,
                                   const h46017_ras *ras) {
  const uint16_t seq = ras->request_seq_num;
  const reject_shape *shape = answer_reject_of(ras->kind);

  if (ras->kind == H46017_RAS_GRQ) {
    answer_discovery(a, c, request, seq);
    return answer_is_for_us(c, request) ? H46017_RAS_GCF : ras->kind;
  }
  if (ras->kind == H46017_RAS_LRQ && c->registrations != NULL &&
      answer_finds(c->gk, request)) {
    answer_location(a, seq);
    return H46017_RAS_LCF;
  }
  if (shape != NULL) {
    answer_reject(a, shape,
                  c->registrations != NULL ? WHEN_REGISTERED : WHEN_UNKNOWN,
                  seq);
    return shape->answer;
  }
  if (ras->kind == H46017_RAS_RAI) {
    answer_begin(a, a->m, H46017_RAS_RAC, seq);
    answer_version(a);
    return H46017_RAS_RAC;
  }
  if (ras->kind == H46017_RAS_SCI) {
    answer_begin(a, a->m, H46017_RAS_SCR, seq);
    answer_present(a, "result.notAvailable");
    return H46017_RAS_SCR;
  }
  /* H.225.0 has no answer to a nonStandardMessage: it is the program's. */
  return ras->kind == H46017_RAS_NSM ? ras->kind : H46017_RAS_UNKNOWN;
}

/* Sends what was filled in, or ends the connection. */
static void answer_send(h46017_connection *c, gk_message *m, const answer *a,
                        h46017_ras_kind kind, uint16_t seq) {
  if (a->rv != 0) {
    gk_message_give(c->gk, m);
    gk_connection_fail(c, a->rv);
    return;
  }
  gk_send_built(c, m, kind, seq);
}

void gk_answer_request(h46017_connection *c, const h46017_h225 *request,
                       const h46017_ras *ras, const uint8_t *per, size_t len) {
  gk_message *m = gk_message_take(c->gk);
  answer a = {.m = m != NULL ? m->msg : NULL};
  h46017_ras_kind kind;
  h46017_ras xrs;

  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  kind = answer_fill(&a, c, request, ras);
  if (kind != ras->kind && kind != H46017_RAS_UNKNOWN) {
    answer_send(c, m, &a, kind, ras->request_seq_num);
    return;
  }
  gk_message_give(c->gk, m);
  if (kind == H46017_RAS_UNKNOWN) {
    h46017_ras_not_understood(&xrs, ras->request_seq_num, per, len);
    gk_send(c, &xrs);
  }
}

void gk_refuse_request(h46017_connection *c, h46017_ras_kind kind, uint16_t seq,
                       int code) {
  const reject_shape *shape = answer_reject_of(kind);
  answer_reason why = code == H46017_ERR_OVERLOAD ? WHEN_OVERLOADED
                      : h46017_error_class(code) == H46017_ERROR_TRUST
                          ? WHEN_DENIED
                          : WHEN_REFUSED;
  gk_message *m = shape != NULL ? gk_message_take(c->gk) : NULL;
  answer a = {.m = m != NULL ? m->msg : NULL};

  if (shape == NULL) {
    return;
  }
  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  answer_reject(&a, shape, why, seq);
  answer_send(c, m, &a, shape->answer, seq);
}

/* Is it still there? Any IRR of this connection is the answer. */
void gk_send_irq(gk_registration *r) {
  static const uint8_t no_call[16] = {0};
  h46017_connection *c = r->pub.connection;
  const gk_registration *before = c->speaker;
  gk_message *m = gk_message_take(c->gk);
  uint16_t seq = gk_next_seq(c->gk);
  answer a;

  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  memset(&a, 0, sizeof(a));
  answer_begin(&a, m->msg, H46017_RAS_IRQ, seq);
  answer_uint(&a, "callReferenceValue", 0);
  answer_octets(&a, "callIdentifier.guid", no_call, sizeof(no_call));
  c->speaker = r;
  answer_send(c, m, &a, H46017_RAS_IRQ, seq);
  c->speaker = before;
}

void gk_irr(h46017_connection *c, const h46017_h225 *irr) {
  char id[GK_IDENTIFIER_LEN + 1];
  h46017_text text = {id, 0};
  gk_registration *r;

  if (h46017_h225_read_text(
          h46017_h225_get(h46017_h225_root(irr),
                          "infoRequestResponse.endpointIdentifier"),
          id, sizeof(id), &text.len) != 0) {
    return;
  }
  r = gk_find_identifier(c->gk, &text);
  if (r != NULL && r->pub.connection == c) {
    gk_extend(r);
  }
}
