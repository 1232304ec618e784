/* SPDX-License-Identifier: BSD-2-Clause */
/* What a vendor puts into messages beside what the library puts there, and how
 * the other side reads it, in both roles:
 *
 *     ras_building   a message is built, and goes out when this returns: add
 *                    featureSet entries, genericData, nonStandardData, tokens
 *     ras_received   a message came, whole: read it, and refuse it if it must
 *                    not be acted on
 *
 * A phone says in its RRQ that it has a feature, and its model in
 * nonStandardData; the gatekeeper lets in only who says a model, and tells its
 * own release in the RCF; the phone does not take an RCF without one.
 * Everything happens in one process: loopback.c shows the wiring. */
#include <h46017/h46017.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURE 130 /* of the standard ones: H.460.130 */

/* What this vendor is: registered with ITU-T by its country. Use your own. */
#define COUNTRY 181
#define EXTENSION 0
#define MANUFACTURER 21324

typedef struct extras {
  h46017_endpoint *endpoint;
  h46017_gatekeeper *gatekeeper;
  h46017_connection *connection;
  const char *model;   /* what the phone says; NULL: nothing */
  const char *release; /* what the gatekeeper says; NULL: nothing */
  char heard_model[64];
  char heard_release[64];
  uint64_t heard_feature;
  bool registered;
  h46017_rrj_reason rejected;
} extras;

/* -- adding and reading, the same for both sides --------------------------- */

/* `message` is an alternative of RasMessage. */
static int add_text(h46017_h225 *msg, const char *message, const char *text) {
  static const struct {
    const char *component;
    uint64_t value;
  } vendor[] = {{"t35CountryCode", COUNTRY},
                {"t35Extension", EXTENSION},
                {"manufacturerCode", MANUFACTURER}};
  char path[128];
  int rv = 0;

  for (size_t i = 0; rv == 0 && i < sizeof(vendor) / sizeof(vendor[0]); i++) {
    (void)snprintf(
        path, sizeof(path),
        "%s.nonStandardData.nonStandardIdentifier.h221NonStandard.%s", message,
        vendor[i].component);
    rv = h46017_h225_set_uint(msg, path, vendor[i].value);
  }
  if (rv == 0) {
    (void)snprintf(path, sizeof(path), "%s.nonStandardData.data", message);
    rv = h46017_h225_set_octets(msg, path, (const uint8_t *)text, strlen(text));
  }
  return rv;
}

/* Only what is of this vendor: anybody's octets may stand there. */
static bool read_text(const h46017_h225 *msg, const char *message, char *out,
                      size_t size) {
  h46017_h225_value root = h46017_h225_root(msg);
  char path[128];
  uint64_t manufacturer = 0;
  const uint8_t *data;
  size_t len;

  (void)snprintf(path, sizeof(path),
                 "%s.nonStandardData.nonStandardIdentifier.h221NonStandard."
                 "manufacturerCode",
                 message);
  if (h46017_h225_read_uint(h46017_h225_get(root, path), &manufacturer) != 0 ||
      manufacturer != MANUFACTURER) {
    return false;
  }
  (void)snprintf(path, sizeof(path), "%s.nonStandardData.data", message);
  if (h46017_h225_read_octets(h46017_h225_get(root, path), &data, &len) != 0 ||
      len >= size) {
    return false;
  }
  memcpy(out, data, len);
  out[len] = '\0';
  return true;
}

/* -- the phone ------------------------------------------------------------- */

static int phone_building(h46017_endpoint *ep, h46017_h225 *msg,
                          h46017_ras_kind kind, void *user_data) {
  const extras *x = user_data;
  int rv;

  (void)ep;
  if (kind != H46017_RAS_RRQ || x->model == NULL) {
    return 0;
  }
  /* Index 0 of a list that is empty appends. */
  rv = h46017_h225_set_uint(
      msg, "registrationRequest.featureSet.supportedFeatures[0].id.standard",
      FEATURE);
  if (rv == 0) {
    rv = h46017_h225_set_bool(
        msg, "registrationRequest.featureSet.replacementFeatureSet", false);
  }
  return rv != 0 ? rv : add_text(msg, "registrationRequest", x->model);
}

static int phone_received(h46017_endpoint *ep, h46017_h225 *msg,
                          const h46017_ras *ras, const uint8_t *per, size_t len,
                          void *user_data) {
  extras *x = user_data;

  (void)ep;
  (void)per; /* the exact octets, for what hashes them */
  (void)len;
  if (ras->kind != H46017_RAS_RCF ||
      read_text(msg, "registrationConfirm", x->heard_release,
                sizeof(x->heard_release))) {
    return 0;
  }
  return H46017_ERR_REFUSED; /* as if it had never come */
}

static int phone_connect(h46017_endpoint *ep, size_t index, void *user_data) {
  (void)ep;
  (void)index;
  (void)user_data;
  return 0;
}

static int phone_registered(h46017_endpoint *ep, uint32_t id,
                            const h46017_ras *rcf, void *user_data) {
  (void)ep;
  (void)id;
  (void)rcf;
  ((extras *)user_data)->registered = true;
  return 0;
}

static int phone_rejected(h46017_endpoint *ep, uint32_t id,
                          const h46017_ras *rrj, int code, void *user_data) {
  (void)ep;
  (void)id;
  (void)code;
  ((extras *)user_data)->rejected = rrj->u.rrj.reason;
  return 0;
}

/* -- the gatekeeper -------------------------------------------------------- */

static int gatekeeper_received(h46017_gatekeeper *gk, h46017_connection *c,
                               h46017_h225 *msg, const h46017_ras *ras,
                               const uint8_t *per, size_t len,
                               void *user_data) {
  extras *x = user_data;

  (void)gk;
  (void)c;
  (void)per;
  (void)len;
  if (ras->kind != H46017_RAS_RRQ || ras->u.rrq.keep_alive) {
    return 0;
  }
  (void)h46017_h225_read_uint(
      h46017_h225_get(
          h46017_h225_root(msg),
          "registrationRequest.featureSet.supportedFeatures[0].id.standard"),
      &x->heard_feature);
  /* Class 3xx or 4xx: the phone is told so (RRJ), and nobody is asked which
   * device it is. */
  return read_text(msg, "registrationRequest", x->heard_model,
                   sizeof(x->heard_model))
             ? 0
             : H46017_ERR_REFUSED;
}

static int gatekeeper_building(h46017_gatekeeper *gk, h46017_connection *c,
                               h46017_h225 *msg, h46017_ras_kind kind,
                               void *user_data) {
  const extras *x = user_data;

  (void)gk;
  (void)c;
  return kind == H46017_RAS_RCF && x->release != NULL
             ? add_text(msg, "registrationConfirm", x->release)
             : 0;
}

static h46017_answered
gatekeeper_select_device(h46017_gatekeeper *gk, uint64_t question,
                         const h46017_registration_question *asked,
                         h46017_registration_answer *answer, void *user_data) {
  (void)gk;
  (void)question;
  (void)asked;
  (void)user_data;
  answer->open = true; /* this example is about other things */
  return H46017_ANSWERED;
}

/* -- both ------------------------------------------------------------------ */

/* Repeatable; a real program takes it from getrandom() or its TLS library. */
static int give_random(uint8_t *dest, size_t len, void *user_data) {
  (void)user_data;
  memset(dest, 4, len);
  return 0;
}

static bool make(extras *x) {
  static const h46017_alias alias = {H46017_ALIAS_H323_ID, 0, {"lobby", 5}};
  h46017_gatekeeper_callbacks gk;
  h46017_endpoint_callbacks ep;
  h46017_registration registration;

  h46017_gatekeeper_callbacks_default(&gk);
  gk.select_device = gatekeeper_select_device;
  gk.rand = give_random;
  gk.ras_received = gatekeeper_received;
  gk.ras_building = gatekeeper_building;
  h46017_endpoint_callbacks_default(&ep);
  ep.connect = phone_connect;
  ep.rand = give_random;
  ep.ras_received = phone_received;
  ep.ras_building = phone_building;
  ep.registered = phone_registered;
  ep.rejected = phone_rejected;
  h46017_registration_default(&registration);
  registration.aliases = &alias;
  registration.alias_count = 1;
  return h46017_gatekeeper_new(&x->gatekeeper, NULL, &gk, NULL, x, 0) == 0 &&
         h46017_connection_new(&x->connection, x->gatekeeper, NULL, NULL, 0) ==
             0 &&
         h46017_endpoint_new(&x->endpoint, NULL, &ep, NULL, x, 0) == 0 &&
         h46017_endpoint_add(x->endpoint, &registration, NULL, 0) == 0 &&
         h46017_endpoint_start(x->endpoint, 0) == 0 &&
         h46017_endpoint_transport_up(x->endpoint, NULL, 0) == 0;
}

/* The RRQ there, the answer back. */
static bool exchange(extras *x) {
  const uint8_t *octets;
  size_t len = h46017_endpoint_peek_tx(x->endpoint, &octets);
  bool good = h46017_connection_recv(x->connection, octets, len, 0) == 0 &&
              h46017_endpoint_ack_tx(x->endpoint, len, 0) == 0;

  len = h46017_connection_peek_tx(x->connection, &octets);
  return good && h46017_endpoint_recv(x->endpoint, octets, len, 0) == 0 &&
         h46017_connection_ack_tx(x->connection, len, 0) == 0;
}

static bool play(extras *x, const char *model, const char *release) {
  bool good;

  memset(x, 0, sizeof(*x));
  x->model = model;
  x->release = release;
  x->rejected = H46017_RRJ_UNKNOWN;
  good = make(x) && exchange(x);
  h46017_endpoint_del(x->endpoint);
  h46017_gatekeeper_del(x->gatekeeper);
  return good;
}

int main(void) {
  extras x;
  bool good = play(&x, "model 7", "release 3");

  printf(
      "the gatekeeper read: feature %u, \"%s\"; the phone read: \"%s\"; %s\n",
      (unsigned)x.heard_feature, x.heard_model, x.heard_release,
      x.registered ? "registered" : "not registered");
  good = good && x.registered && x.heard_feature == FEATURE &&
         strcmp(x.heard_model, "model 7") == 0 &&
         strcmp(x.heard_release, "release 3") == 0;

  good = play(&x, NULL, "release 3") && good;
  printf("a phone that says no model: %s\n",
         h46017_rrj_reason_name(x.rejected));
  good = good && !x.registered && x.rejected == H46017_RRJ_SECURITY_DENIAL;

  good = play(&x, "model 7", NULL) && good;
  printf("a gatekeeper that says no release: %s\n",
         x.registered ? "registered" : "its confirmation is not taken");
  good = good && !x.registered && x.rejected == H46017_RRJ_UNKNOWN;
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
