/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/call.h"

#include "asn1/h225_aliases.h"
#include "base/settings.h"

#include <string.h>

/* What a message of a call says, out of its elements and its H.323 part. */

#define PDU "h323-uu-pdu."
#define BODY PDU "h323-message-body"

static const h46017_call_content read_content = {
    .struct_size = sizeof(read_content),
    .reason = H46017_RELEASE_ABSENT,
};

void h46017_call_content_default_sized(h46017_call_content *content,
                                       size_t size) {
  h46017_settings_fill(content, size, &read_content, sizeof(read_content));
}

h46017_h225_value call_component(const h46017_h225 *uui,
                                 const char *component) {
  h46017_h225_value body = h46017_h225_get(h46017_h225_root(uui), BODY);

  return h46017_h225_get(h46017_h225_at(body, 0), component);
}

static void read_guid(const h46017_h225 *uui, const char *component,
                      uint8_t guid[H46017_CALL_GUID]) {
  const uint8_t *octets;
  size_t len;

  if (h46017_h225_read_octets(call_component(uui, component), &octets, &len) ==
          0 &&
      len == H46017_CALL_GUID) {
    memcpy(guid, octets, len);
  }
}

void call_read_guids(const h46017_h225 *uui, h46017_call *call) {
  read_guid(uui, "callIdentifier.guid", call->identifier);
  read_guid(uui, "conferenceID", call->conference);
}

int call_tunnelling(const h46017_h225 *uui) {
  h46017_h225_value root = h46017_h225_root(uui);
  bool yes;

  /* H.225.0 7.2: an intermediate that does not know yet. */
  if (h46017_h225_value_kind(h46017_h225_get(
          root, PDU "provisionalRespToH245Tunnelling")) != H46017_H225_ABSENT ||
      h46017_h225_read_bool(h46017_h225_get(root, PDU "h245Tunnelling"),
                            &yes) != 0) {
    return -1;
  }
  return yes ? 1 : 0;
}

uint8_t call_ie_octet(const h46017_q931 *msg, uint8_t id, size_t skip) {
  h46017_q931_ie ie;

  if (!h46017_q931_find(msg, id, &ie)) {
    return 0;
  }
  /* Q.931 4.5.1: an octet without its top bit is continued in the next. */
  for (size_t i = 0; i < ie.len; i++) {
    if (skip == 0) {
      return ie.contents[i] & 0x7f;
    }
    skip -= (ie.contents[i] & 0x80) != 0 ? 1 : 0;
  }
  return 0;
}

static h46017_release_reason read_reason(const h46017_h225 *uui) {
  h46017_h225_value reason = h46017_h225_at(call_component(uui, "reason"), 0);

  for (int r = 0; r <= (int)H46017_RELEASE_HOP_COUNT_EXCEEDED; r++) {
    if (strcmp(h46017_h225_value_name(reason),
               h46017_release_reason_name((h46017_release_reason)r)) == 0) {
      return (h46017_release_reason)r;
    }
  }
  return H46017_RELEASE_ABSENT;
}

uint8_t call_read_cause(const h46017_call_message *msg,
                        h46017_release_reason *preason) {
  uint8_t cause = call_ie_octet(msg->q931, H46017_Q931_IE_CAUSE, 1);
  h46017_release_reason reason =
      msg->uui != NULL ? read_reason(msg->uui) : H46017_RELEASE_ABSENT;

  if (preason != NULL) {
    *preason = reason;
  }
  /* H.225.0 7.2.2.1: either says it; neither is a normal end. */
  if (cause == 0) {
    cause = reason != H46017_RELEASE_ABSENT ? h46017_release_cause(reason) : 16;
  }
  return cause;
}

/* -- for a program ---------------------------------------------------------
 */

static h46017_text read_ie(const h46017_q931 *msg, uint8_t id, size_t skip) {
  h46017_text text = {NULL, 0};
  h46017_q931_ie ie;

  if (h46017_q931_find(msg, id, &ie) && ie.len >= skip) {
    text.text = (const char *)ie.contents + skip;
    text.len = ie.len - skip;
  }
  return text;
}

/* Digits behind an octet that may be continued once.  Q.931 4.5.8, 4.5.10 */
static h46017_text read_number(const h46017_q931 *msg, uint8_t id) {
  h46017_text text = read_ie(msg, id, 1);

  if (text.text != NULL && ((uint8_t)text.text[-1] & 0x80) == 0 &&
      text.len > 0) {
    text.text++;
    text.len--;
  }
  return text;
}

/* Texts of a view end in a NUL: those of elements are copied. */
static int read_copy(h46017_h225 *m, h46017_text *text) {
  int rv = 0;
  char *copy;

  if (text->text == NULL) {
    return 0;
  }
  copy = h46017_h225_room(m, text->len + 1, &rv);
  if (copy == NULL) {
    return rv;
  }
  memcpy(copy, text->text, text->len);
  copy[text->len] = '\0';
  text->text = copy;
  if (memchr(copy, '\0', text->len) != NULL) {
    text->text = NULL; /* none that a C program could use */
    text->len = 0;
  }
  return 0;
}

static int read_octets_list(h46017_h225 *m, h46017_h225_value v,
                            h46017_octets_list *out) {
  size_t count = h46017_h225_count(v);
  h46017_octets *list;
  int rv = 0;

  if (count == 0) {
    return 0;
  }
  list = h46017_h225_room(m, count * sizeof(*list), &rv);
  for (size_t i = 0; i < count && rv == 0; i++) {
    rv = h46017_h225_read_octets(h46017_h225_at(v, i), &list[i].data,
                                 &list[i].len);
  }
  out->list = list;
  out->count = count;
  return rv;
}

static bool read_flag(const h46017_h225 *uui, const char *component) {
  bool yes = false;

  (void)h46017_h225_read_bool(call_component(uui, component), &yes);
  return yes;
}

static void read_elements(const h46017_q931 *msg, h46017_call_content *out) {
  h46017_q931_ie ie;

  out->calling_number = read_number(msg, H46017_Q931_IE_CALLING_PARTY_NUMBER);
  out->called_number = read_number(msg, H46017_Q931_IE_CALLED_PARTY_NUMBER);
  out->keypad = read_ie(msg, H46017_Q931_IE_KEYPAD, 0);
  out->display = read_ie(msg, H46017_Q931_IE_DISPLAY, 0);
  if (h46017_q931_find(msg, H46017_Q931_IE_BEARER_CAPABILITY, &ie)) {
    out->bearer.data = ie.contents;
    out->bearer.len = ie.len;
  }
  out->cause = call_ie_octet(msg, H46017_Q931_IE_CAUSE, 1);
  out->progress = call_ie_octet(msg, H46017_Q931_IE_PROGRESS_INDICATOR, 1);
  out->notification =
      call_ie_octet(msg, H46017_Q931_IE_NOTIFICATION_INDICATOR, 0);
  if (h46017_q931_find(msg, H46017_Q931_IE_CALL_STATE, &ie) && ie.len > 0) {
    out->call_state = ie.contents[0] & 0x3f;
  }
}

/* What lies in the message's arena, and may find no room there. */
static int read_lists(h46017_h225 *m, h46017_call_content *out) {
  h46017_text *texts[] = {&out->calling_number, &out->called_number,
                          &out->keypad, &out->display};
  int rv = 0;

  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && rv == 0; i++) {
    rv = read_copy(m, texts[i]);
  }
#define READ(what) rv = rv != 0 ? rv : (what)
  READ(h46017_h225_read_aliases(m, call_component(m, "sourceAddress"),
                                &out->source));
  READ(h46017_h225_read_aliases(m, call_component(m, "destinationAddress"),
                                &out->destination));
  READ(h46017_h225_read_string(m, call_component(m, "endpointIdentifier"),
                               &out->endpoint_identifier));
  READ(read_octets_list(m, call_component(m, "fastStart"), &out->fast_start));
  READ(read_octets_list(
      m, h46017_h225_get(h46017_h225_root(m), PDU "h245Control"), &out->h245));
#undef READ
  return rv;
}

int h46017_call_read(const h46017_call_message *msg, h46017_call_content *out) {
  h46017_call_content read = read_content;
  int rv = 0;

  if (out->struct_size != sizeof(read)) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  read_elements(msg->q931, &read);
  if (msg->type == H46017_Q931_RELEASE_COMPLETE) {
    read.cause = call_read_cause(msg, &read.reason);
  }
  if (msg->uui != NULL) {
    rv = read_lists(msg->uui, &read);
    read.h245_tunnelling_refused = call_tunnelling(msg->uui) == 0;
    read.fast_connect_refused =
        h46017_h225_value_kind(call_component(
            msg->uui, "fastConnectRefused")) != H46017_H225_ABSENT;
    read.can_overlap_send = read_flag(msg->uui, "canOverlapSend");
    read.media_wait_for_connect = read_flag(msg->uui, "mediaWaitForConnect");
  } else {
    /* Nothing to copy them into: only what ends by its length. */
    read.calling_number = read.called_number = read.keypad = read.display =
        (h46017_text){NULL, 0};
  }
  if (rv == 0) {
    *out = read;
  }
  return rv;
}
