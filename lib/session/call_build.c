/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/call.h"

#include "asn1/h225_aliases.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Messages made for a program without a stack of its own. */

#define PDU "h323-uu-pdu."
#define BODY PDU "h323-message-body."

/* Q.931 4.5.16: octets of Display. */
#define DISPLAY_MAX 82
/* Digits of a number: those of dialledDigits. */
#define DIGITS_MAX 128
/* Octets of Bearer Capability. */
#define BEARER_MAX 16
#define ELEMENTS_MAX 8

/* What the H.323 part of a message has. */
enum {
  HAS_SOURCE_INFO = 1,      /* sourceInfo */
  HAS_DESTINATION_INFO = 2, /* destinationInfo */
  HAS_CONFERENCE = 4,       /* conferenceID */
  HAS_CONNECTION = 8,       /* multipleCalls, maintainConnection */
  HAS_FAST_START = 16,
  HAS_FAST_REFUSED = 32
};

typedef struct build_shape {
  uint8_t type;
  const char *body;
  unsigned has;
} build_shape;

#define ANSWER                                                                 \
  (HAS_DESTINATION_INFO | HAS_CONNECTION | HAS_FAST_START | HAS_FAST_REFUSED)

static const build_shape build_shapes[] = {
    {H46017_Q931_SETUP, BODY "setup",
     HAS_SOURCE_INFO | HAS_CONFERENCE | HAS_CONNECTION | HAS_FAST_START},
    {H46017_Q931_SETUP_ACKNOWLEDGE, BODY "setupAcknowledge", 0},
    {H46017_Q931_CALL_PROCEEDING, BODY "callProceeding", ANSWER},
    {H46017_Q931_PROGRESS, BODY "progress", ANSWER},
    {H46017_Q931_ALERTING, BODY "alerting", ANSWER},
    {H46017_Q931_CONNECT, BODY "connect", ANSWER | HAS_CONFERENCE},
    {H46017_Q931_INFORMATION, BODY "information",
     HAS_FAST_START | HAS_FAST_REFUSED},
    {H46017_Q931_USER_INFORMATION, BODY "information",
     HAS_FAST_START | HAS_FAST_REFUSED},
    {H46017_Q931_NOTIFY, BODY "notify", 0},
    {H46017_Q931_FACILITY, BODY "facility",
     HAS_CONNECTION | HAS_FAST_START | HAS_FAST_REFUSED},
    {H46017_Q931_STATUS, BODY "status", 0},
    {H46017_Q931_STATUS_INQUIRY, BODY "statusInquiry", 0},
    {H46017_Q931_RELEASE_COMPLETE, BODY "releaseComplete", 0},
};

typedef struct builder {
  h46017_h225 *m;
  const build_shape *shape;
  const h46017_call_content *content;
  const call_address *to;
  int rv; /* the first that failed */
  char path[128];
  h46017_q931_ie ies[ELEMENTS_MAX];
  size_t nies;
  uint8_t octets[4][DIGITS_MAX + 2]; /* contents made here */
  size_t used;
} builder;

/* -- the H.323 part --------------------------------------------------------
 */

/* A component of the body. */
static const char *build_path(builder *b, const char *component) {
  (void)snprintf(b->path, sizeof(b->path), "%s.%s", b->shape->body, component);
  return b->path;
}

#define SET(b, what)                                                           \
  do {                                                                         \
    if ((b)->rv == 0) {                                                        \
      (b)->rv = (what);                                                        \
    }                                                                          \
  } while (0)

static void build_bool(builder *b, const char *component, bool value) {
  SET(b, h46017_h225_set_bool(b->m, build_path(b, component), value));
}

static void build_present(builder *b, const char *component) {
  SET(b, h46017_h225_set_present(b->m, build_path(b, component)));
}

static void build_guid(builder *b, const char *component, const uint8_t *guid) {
  SET(b, h46017_h225_set_octets(b->m, build_path(b, component), guid,
                                H46017_CALL_GUID));
}

static void build_octets_list(builder *b, const char *path,
                              const h46017_octets_list *list) {
  char item[160];

  for (size_t i = 0; i < list->count; i++) {
    (void)snprintf(item, sizeof(item), "%s[%zu]", path, i);
    SET(b, h46017_h225_set_octets(b->m, item, list->list[i].data,
                                  list->list[i].len));
  }
}

static void build_vendor(builder *b, const h46017_vendor *vendor,
                         const char *info) {
  char path[96];
  const h46017_text *texts[] = {&vendor->product_id, &vendor->version_id};
  const char *const names[] = {"productId", "versionId"};

#define AT(component)                                                          \
  (snprintf(path, sizeof(path), "%s.vendor.%s", info, component) > 0           \
       ? build_path(b, path)                                                   \
       : "")
  SET(b, h46017_h225_set_uint(b->m, AT("vendor.t35CountryCode"),
                              vendor->t35_country_code));
  SET(b, h46017_h225_set_uint(b->m, AT("vendor.t35Extension"),
                              vendor->t35_extension));
  SET(b, h46017_h225_set_uint(b->m, AT("vendor.manufacturerCode"),
                              vendor->manufacturer_code));
  for (size_t i = 0; i < 2; i++) {
    if (texts[i]->text != NULL) {
      SET(b, h46017_h225_set_octets(b->m, AT(names[i]),
                                    (const uint8_t *)texts[i]->text,
                                    texts[i]->len));
    }
  }
#undef AT
}

static void build_endpoint_type(builder *b, const h46017_calls_settings *s,
                                const char *info) {
  static const char *const kinds[] = {
      [H46017_TERMINAL_NONE] = NULL,
      [H46017_TERMINAL_TERMINAL] = "terminal",
      [H46017_TERMINAL_GATEWAY] = "gateway",
      [H46017_TERMINAL_MCU] = "mcu",
      [H46017_TERMINAL_GATEKEEPER] = "gatekeeper",
  };
  const char *kind = (size_t)s->terminal_type < sizeof(kinds) / sizeof(*kinds)
                         ? kinds[s->terminal_type]
                         : NULL;
  char path[64];

  (void)snprintf(path, sizeof(path), "%s.mc", info);
  build_bool(b, path, false);
  (void)snprintf(path, sizeof(path), "%s.undefinedNode", info);
  build_bool(b, path, kind == NULL);
  if (kind != NULL) {
    (void)snprintf(path, sizeof(path), "%s.%s", info, kind);
    build_present(b, path);
  }
  if (s->vendor.manufacturer_code != 0) {
    build_vendor(b, &s->vendor, info);
  }
}

static void build_setup(builder *b) {
  const h46017_call_content *c = b->content;

  SET(b, h46017_h225_set_aliases(b->m, build_path(b, "sourceAddress"),
                                 &c->source));
  SET(b, h46017_h225_set_aliases(b->m, build_path(b, "destinationAddress"),
                                 &c->destination));
  build_bool(b, "activeMC", false);
  build_present(b, "conferenceGoal.create");
  build_present(b, "callType.pointToPoint");
  build_bool(b, "mediaWaitForConnect", c->media_wait_for_connect);
  build_bool(b, "canOverlapSend", c->can_overlap_send);
  if (c->endpoint_identifier.text != NULL) {
    SET(b, h46017_h225_set_text(b->m, build_path(b, "endpointIdentifier"),
                                c->endpoint_identifier.text,
                                c->endpoint_identifier.len));
  }
}

static void build_reason(builder *b) {
  const h46017_call_content *c = b->content;
  h46017_release_reason reason = c->reason;
  char path[64];

  if (reason == H46017_RELEASE_ABSENT) {
    reason = h46017_release_reason_find(c->cause != 0 ? c->cause : 16);
  }
  /* These say more than their name: a program sets them in `building`. */
  if (reason == H46017_RELEASE_ABSENT ||
      reason == H46017_RELEASE_NON_STANDARD_REASON ||
      reason == H46017_RELEASE_REPLACE_WITH_CONFERENCE_INVITE ||
      reason == H46017_RELEASE_SECURITY_ERROR) {
    return;
  }
  (void)snprintf(path, sizeof(path), "reason.%s",
                 h46017_release_reason_name(reason));
  build_present(b, path);
}

static void build_uui(builder *b, const h46017_calls *calls) {
  static const uint8_t unknown[H46017_CALL_GUID] = {0};
  static const char version[] = "0.0.8.2250.0.7";
  const h46017_call_content *c = b->content;
  unsigned has = b->shape->has;

  b->rv = h46017_h225_create(b->m, h46017_h225_user_information());
  SET(b, h46017_h225_set_text(b->m, build_path(b, "protocolIdentifier"),
                              version, sizeof(version) - 1));
  if ((has & (HAS_SOURCE_INFO | HAS_DESTINATION_INFO)) != 0) {
    build_endpoint_type(b, &calls->settings,
                        (has & HAS_SOURCE_INFO) != 0 ? "sourceInfo"
                                                     : "destinationInfo");
  }
  if ((has & HAS_CONFERENCE) != 0) {
    build_guid(b, "conferenceID", b->to->conference);
  }
  if (b->shape->type == H46017_Q931_SETUP) {
    build_setup(b);
  } else if (b->shape->type == H46017_Q931_FACILITY) {
    /* H.225.0 7.4.1, since version 4: it carries something for somebody. */
    build_present(b, "reason.transportedInformation");
  } else if (b->shape->type == H46017_Q931_RELEASE_COMPLETE) {
    build_reason(b);
  }
  build_guid(b, "callIdentifier.guid",
             b->to->identifier != NULL ? b->to->identifier : unknown);
  if ((has & HAS_FAST_START) != 0 && c->fast_start.count > 0) {
    char path[96];
    (void)snprintf(path, sizeof(path), "%s.fastStart", b->shape->body);
    build_octets_list(b, path, &c->fast_start);
  }
  if ((has & HAS_CONNECTION) != 0) {
    build_bool(b, "multipleCalls", true);
    build_bool(b, "maintainConnection", true);
  }
  if ((has & HAS_FAST_REFUSED) != 0 && c->fast_connect_refused) {
    build_present(b, "fastConnectRefused");
  }
  SET(b, h46017_h225_set_bool(b->m, PDU "h245Tunnelling", true));
  build_octets_list(b, PDU "h245Control", &c->h245);
}

/* -- the elements -----------------------------------------------------------
 */

static void build_ie(builder *b, uint8_t id, const uint8_t *contents,
                     size_t len) {
  h46017_q931_ie *ie = &b->ies[b->nies++];

  memset(ie, 0, sizeof(*ie));
  ie->id = id;
  ie->contents = contents;
  ie->len = len;
}

/* An element whose contents begin so and go on with digits. */
static void build_number(builder *b, uint8_t id, const uint8_t *head,
                         size_t head_len, const h46017_text *digits) {
  uint8_t *out = b->octets[b->used];

  if (digits->text == NULL) {
    return;
  }
  if (digits->len > DIGITS_MAX) {
    b->rv = b->rv != 0 ? b->rv : H46017_ERR_OUT_OF_RANGE;
    return;
  }
  b->used++;
  for (size_t i = 0; i < head_len; i++) {
    out[i] = head[i];
  }
  memcpy(out + head_len, digits->text, digits->len);
  build_ie(b, id, out, head_len + digits->len);
}

/* Two octets: where, and what. */
static void build_pair(builder *b, uint8_t id, uint8_t where, uint8_t what) {
  uint8_t *out = b->octets[b->used++];

  out[0] = (uint8_t)(0x80 | where);
  out[1] = (uint8_t)(0x80 | what);
  build_ie(b, id, out, 2);
}

static void build_display(builder *b) {
  const h46017_text *display = &b->content->display;
  size_t len = display->len;

  if (display->text == NULL || len == 0) {
    return;
  }
  if (len > DISPLAY_MAX) {
    /* not in the middle of a character */
    for (len = DISPLAY_MAX;
         len > 0 && ((uint8_t)display->text[len] & 0xc0) == 0x80; len--) {
    }
  }
  build_ie(b, H46017_Q931_IE_DISPLAY, (const uint8_t *)display->text, len);
}

static void build_setup_elements(builder *b) {
  static const uint8_t bearer[] = {0x88, 0x90, 0xa5};
  /* unknown type, E.164; presentation allowed, not screened */
  static const uint8_t calling[] = {0x01, 0x80};
  const h46017_call_content *c = b->content;

  if (c->bearer.len > BEARER_MAX) {
    b->rv = b->rv != 0 ? b->rv : H46017_ERR_OUT_OF_RANGE;
  } else if (c->bearer.data != NULL) {
    build_ie(b, H46017_Q931_IE_BEARER_CAPABILITY, c->bearer.data,
             c->bearer.len);
  } else {
    build_ie(b, H46017_Q931_IE_BEARER_CAPABILITY, bearer, sizeof(bearer));
  }
  build_number(b, H46017_Q931_IE_CALLING_PARTY_NUMBER, calling, sizeof(calling),
               &c->calling_number);
}

static void build_elements(builder *b) {
  static const uint8_t called[] = {0x81};
  const h46017_call_content *c = b->content;
  uint8_t type = b->shape->type;

  if (type == H46017_Q931_SETUP) {
    build_setup_elements(b);
  }
  if (type == H46017_Q931_SETUP || type == H46017_Q931_INFORMATION) {
    build_number(b, H46017_Q931_IE_CALLED_PARTY_NUMBER, called, sizeof(called),
                 &c->called_number);
    build_number(b, H46017_Q931_IE_KEYPAD, NULL, 0, &c->keypad);
  }
  if (type != H46017_Q931_STATUS && type != H46017_Q931_STATUS_INQUIRY) {
    build_display(b);
  }
  if (type == H46017_Q931_RELEASE_COMPLETE || type == H46017_Q931_STATUS ||
      (type == H46017_Q931_PROGRESS && c->cause != 0)) {
    uint8_t cause = type == H46017_Q931_STATUS ? 30 : 16;
    if (c->cause != 0) {
      cause = c->cause;
    } else if (c->reason != H46017_RELEASE_ABSENT) {
      cause = h46017_release_cause(c->reason);
    }
    build_pair(b, H46017_Q931_IE_CAUSE, 0, cause); /* location: user */
  }
  if (type == H46017_Q931_PROGRESS ||
      ((b->shape->has & HAS_DESTINATION_INFO) != 0 && c->progress != 0)) {
    build_pair(b, H46017_Q931_IE_PROGRESS_INDICATOR, 0,
               c->progress != 0 ? c->progress : 8);
  }
  if (type == H46017_Q931_STATUS) {
    build_ie(b, H46017_Q931_IE_CALL_STATE, &b->to->state, 1);
  }
  if (type == H46017_Q931_NOTIFY) {
    b->octets[b->used][0] = (uint8_t)(0x80 | c->notification);
    build_ie(b, H46017_Q931_IE_NOTIFICATION_INDICATOR, b->octets[b->used++], 1);
  }
  if (type == H46017_Q931_FACILITY) {
    build_ie(b, H46017_Q931_IE_FACILITY, NULL, 0);
  }
}

/* -- together --------------------------------------------------------------
 */

/* Room for this much in the scratch; what is there stays. */
static int build_room(call_workspace *w, size_t size) {
  uint8_t *scratch;

  if (size <= w->scratch_size) {
    return 0;
  }
  scratch = h46017_mem_resize(&w->mem, w->scratch, size);
  if (scratch == NULL) {
    return H46017_ERR_NOMEM;
  }
  w->scratch = scratch;
  w->scratch_size = size;
  return 0;
}

/* The H.323 part first, then the message behind it. */
static int build_encode(call_workspace *w, const builder *b,
                        const uint8_t **pq931, size_t *plen) {
  h46017_q931_build q;
  size_t uui_len = 0;
  size_t size = 0;
  int rv = h46017_h225_encode(w->out, NULL, 0, &uui_len);

  h46017_q931_build_default(&q);
  q.type = b->shape->type;
  q.call_reference = b->to->reference;
  q.call_reference_flag = b->to->flag;
  q.ies = b->ies;
  q.nies = b->nies;
  q.user_user_len = uui_len;
  if (rv == 0 || rv == H46017_ERR_BUFFER_TOO_SMALL) {
    /* all elements together are well below this */
    rv = build_room(w, 2 * uui_len + 1024);
  }
  if (rv == 0) {
    rv = h46017_h225_encode(w->out, w->scratch, uui_len, &uui_len);
  }
  q.user_user = w->scratch;
  if (rv == 0) {
    rv = h46017_q931_encode(&q, w->scratch + uui_len, w->scratch_size - uui_len,
                            &size);
  }
  if (rv == 0) {
    *pq931 = w->scratch + uui_len;
    *plen = size;
  }
  return rv;
}

int call_build(h46017_calls *calls, h46017_call *call, const call_address *to,
               uint8_t type, const h46017_call_content *content,
               const uint8_t **pq931, size_t *plen) {
  call_workspace *w = calls->work;
  builder b;

  memset(&b, 0, sizeof(b));
  for (size_t i = 0; i < sizeof(build_shapes) / sizeof(build_shapes[0]); i++) {
    if (build_shapes[i].type == type) {
      b.shape = &build_shapes[i];
    }
  }
  if (b.shape == NULL) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  b.m = w->out;
  b.to = to;
  b.content = content;
  build_uui(&b, calls);
  build_elements(&b);
  if (b.rv == 0 && call != NULL && calls->callbacks.building != NULL) {
    w->building = true;
    b.rv = calls_callback(
        calls,
        calls->callbacks.building(calls, call, type, w->out, calls->user_data));
    w->building = false;
  }
  return b.rv != 0 ? b.rv : build_encode(w, &b, pq931, plen);
}
