/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/gatekeeper.h"

#include "session/ras_io.h"

#include <string.h>

/* Requests that are not about registration, each with the answer H.225.0 has
 * for it. Calls are not served yet: what asks for one is refused in its own
 * words, never left to a timeout. H.225.0 7 */

typedef enum answer_reason {
  WHEN_REGISTERED, /* the sender has a registration on this connection */
  WHEN_UNKNOWN     /* it has not */
} answer_reason;

/* A reject: its message, the choice that says why, what else it must have. */
typedef struct reject_shape {
  h46017_ras_kind request;
  h46017_ras_kind answer;
  const char *reason[2]; /* below the answer, by answer_reason */
} reject_shape;

static const reject_shape rejects[] = {
    {H46017_RAS_ARQ,
     H46017_RAS_ARJ,
     {"rejectReason.requestDenied", "rejectReason.callerNotRegistered"}},
    {H46017_RAS_BRQ,
     H46017_RAS_BRJ,
     {"rejectReason.invalidConferenceID", "rejectReason.notBound"}},
    {H46017_RAS_DRQ,
     H46017_RAS_DRJ,
     {"rejectReason.requestToDropOther", "rejectReason.notRegistered"}},
    {H46017_RAS_LRQ,
     H46017_RAS_LRJ,
     {"rejectReason.requestDenied", "rejectReason.notRegistered"}},
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

static void answer_reject(answer *a, const reject_shape *shape,
                          answer_reason why, uint16_t seq) {
  answer_begin(a, a->m, shape->answer, seq);
  answer_present(a, shape->reason[why]);
  if (shape->answer == H46017_RAS_BRJ) {
    answer_uint(a, "allowedBandWidth", 0);
  }
}

/* Discovery over this connection is not needed; a client that insists learns
 * the gatekeeper's name. The address it must have means nothing here. */
static void answer_discovery(answer *a, const h46017_gatekeeper *gk,
                             uint16_t seq) {
  static const uint8_t nowhere[4] = {0};

  answer_begin(a, a->m, H46017_RAS_GCF, seq);
  answer_version(a);
  answer_text(a, "gatekeeperIdentifier", gk->identifier);
  answer_octets(a, "rasAddress.ipAddress.ip", nowhere, sizeof(nowhere));
  answer_uint(a, "rasAddress.ipAddress.port", 0);
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

/* Fills the message with the answer. False: there is none to give. */
static bool answer_fill(answer *a, const h46017_connection *c,
                        const h46017_h225 *request, const h46017_ras *ras,
                        h46017_ras_kind *pkind) {
  const uint16_t seq = ras->request_seq_num;
  const answer_reason why =
      c->registrations != NULL ? WHEN_REGISTERED : WHEN_UNKNOWN;

  for (size_t i = 0; i < sizeof(rejects) / sizeof(rejects[0]); i++) {
    if (rejects[i].request == ras->kind) {
      answer_reject(a, &rejects[i], why, seq);
      *pkind = rejects[i].answer;
      return true;
    }
  }
  if (ras->kind == H46017_RAS_GRQ) {
    answer_discovery(a, c->gk, seq);
    *pkind = H46017_RAS_GCF;
    return answer_is_for_us(c, request);
  }
  if (ras->kind == H46017_RAS_RAI) {
    answer_begin(a, a->m, H46017_RAS_RAC, seq);
    answer_version(a);
    *pkind = H46017_RAS_RAC;
    return true;
  }
  if (ras->kind == H46017_RAS_SCI) {
    answer_begin(a, a->m, H46017_RAS_SCR, seq);
    answer_present(a, "result.notAvailable");
    *pkind = H46017_RAS_SCR;
    return true;
  }
  *pkind = H46017_RAS_UNKNOWN;
  return true;
}

void gk_answer_request(h46017_connection *c, const h46017_h225 *request,
                       const h46017_ras *ras, const uint8_t *per, size_t len) {
  gk_message *m = gk_message_take(c->gk);
  h46017_ras_kind kind = H46017_RAS_UNKNOWN;
  h46017_ras xrs;
  answer a;

  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  memset(&a, 0, sizeof(a));
  a.m = m->msg;
  if (!answer_fill(&a, c, request, ras, &kind)) {
    gk_message_give(c->gk, m);
    return;
  }
  if (kind == H46017_RAS_UNKNOWN) {
    gk_message_give(c->gk, m);
    h46017_ras_not_understood(&xrs, ras->request_seq_num, per, len);
    gk_send(c, &xrs);
    return;
  }
  if (a.rv != 0) {
    gk_message_give(c->gk, m);
    gk_connection_fail(c, a.rv);
    return;
  }
  gk_send_built(c, m, kind);
}

/* Is it still there? Any IRR of this connection is the answer. */
void gk_send_irq(gk_registration *r) {
  static const uint8_t no_call[16] = {0};
  h46017_connection *c = r->pub.connection;
  gk_message *m = gk_message_take(c->gk);
  answer a;

  if (m == NULL) {
    gk_connection_fail(c, H46017_ERR_NOMEM);
    return;
  }
  memset(&a, 0, sizeof(a));
  answer_begin(&a, m->msg, H46017_RAS_IRQ, gk_next_seq(c->gk));
  answer_uint(&a, "callReferenceValue", 0);
  answer_octets(&a, "callIdentifier.guid", no_call, sizeof(no_call));
  if (a.rv != 0) {
    gk_message_give(c->gk, m);
    gk_connection_fail(c, a.rv);
    return;
  }
  gk_send_built(c, m, H46017_RAS_IRQ);
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
