/* SPDX-License-Identifier: BSD-2-Clause */
#include "session/call.h"

#include "base/intmath.h"
#include "base/mem.h"
#include "session/fsm.h"

#include <string.h>

/* Causes of Q.931 that the table itself gives. */
enum {
  CAUSE_NORMAL = 16,
  CAUSE_BUSY = 17,
  CAUSE_STATUS = 30, /* response to Status Inquiry */
  CAUSE_BAD_REFERENCE = 81,
  CAUSE_INCOMPATIBLE = 88, /* nobody here takes calls */
  CAUSE_MISSING = 96,      /* mandatory element */
  CAUSE_NO_TYPE = 97,      /* message type not implemented */
  CAUSE_CONTENTS = 100,    /* invalid element contents */
  CAUSE_STATE = 101        /* message not compatible with call state */
};

/* -- out ------------------------------------------------------------------- */

int calls_emit(h46017_calls *calls, const uint8_t *q931, size_t len) {
  int rv = calls->callbacks.write(calls, q931, len, calls->user_data);

  if (rv > 0) {
    return calls_callback(calls, rv);
  }
  return rv;
}

static call_address call_address_of(const h46017_call *call) {
  call_address to = {call->reference, !call->ours,
                     h46017_call_state_q931((h46017_call_state)call->state),
                     call->identifier, call->conference};

  return to;
}

/* Made and sent, whatever the state. */
static int call_put(h46017_calls *calls, h46017_call *call,
                    const call_address *to, uint8_t type,
                    const h46017_call_content *content) {
  const uint8_t *octets;
  size_t len;
  int rv = call_build(calls, call, to, type, content, &octets, &len);

  return rv != 0 ? rv : calls_emit(calls, octets, len);
}

/* A message of the table's own: a failure to send it stays. */
static int calls_put_cause(h46017_calls *calls, const call_address *to,
                           uint8_t type, uint8_t cause) {
  h46017_call_content content;
  int rv;

  h46017_call_content_default(&content);
  content.cause = cause;
  rv = call_put(calls, NULL, to, type, &content);
  if (rv != 0 && calls->error == 0) {
    calls->error = rv;
  }
  return rv;
}

static int call_put_status(h46017_call *call, uint8_t cause) {
  call_address to = call_address_of(call);

  h46017_log_line(&call->calls->log, H46017_LOG_DEBUG,
                  "call %u %s: Status, cause %u", (unsigned)call->reference,
                  h46017_call_state_name((h46017_call_state)call->state),
                  (unsigned)cause);
  return calls_put_cause(call->calls, &to, H46017_Q931_STATUS, cause);
}

/* What a message sent does to the call; `sent` is what it was. */
static int call_sent(h46017_call *call, uint8_t type, uint8_t cause) {
  h46017_calls *calls = call->calls;
  const h46017_call_ended why = {H46017_ERR_CALL_ENDED, cause,
                                 H46017_RELEASE_ABSENT, NULL};

  if (type == H46017_Q931_STATUS_INQUIRY) {
    call->inquiries++;
    call->inquiry_timer = h46017_time_add(calls->now, calls->settings.t322);
    calls_rearm(call);
  }
  return call_move(call, CALL_EV_SENT(call_event_of(type)), &why);
}

/* May it be sent now? */
static int call_check_sending(const h46017_call *call, uint8_t type) {
  call_event ev = call_event_of(type);

  if (ev == CALL_EV_NONE) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  if (type == H46017_Q931_SETUP && !call->ours) {
    return H46017_ERR_INVALID_STATE;
  }
  return h46017_fsm_check(&h46017_call_fsm, call->state,
                          (int)CALL_EV_SENT(ev)) == H46017_FSM_HANDLE
             ? 0
             : H46017_ERR_INVALID_STATE;
}

static int call_write(h46017_call *call, uint8_t type,
                      const h46017_call_content *content) {
  const call_address to = call_address_of(call);
  uint8_t cause = content->cause != 0 ? content->cause : CAUSE_NORMAL;
  int rv = call_check_sending(call, type);

  if (rv == 0 && content->h245.count > 0 && call->h245_refused) {
    rv = H46017_ERR_H245_TUNNELLING;
  }
  /* Where the peer has not heard of the call there is nobody to tell. */
  if (rv == 0 && (call->state != H46017_CALL_IDLE ||
                  type != H46017_Q931_RELEASE_COMPLETE)) {
    rv = call_put(call->calls, call, &to, type, content);
  }
  return rv != 0 ? rv : call_sent(call, type, cause);
}

int h46017_call_write(h46017_call *call, uint8_t type,
                      const h46017_call_content *content, h46017_time now) {
  h46017_calls *calls = call->calls;
  h46017_call_content none;
  int rv = calls_enter_nested(calls, now);

  if (rv != 0) {
    return rv;
  }
  if (content == NULL) {
    h46017_call_content_default(&none);
    content = &none;
  }
  if (calls->work->building) {
    rv = H46017_ERR_REENTRANT;
  } else if (content->struct_size != sizeof(*content)) {
    rv = H46017_ERR_INVALID_ARGUMENT;
  } else {
    rv = call_write(call, type, content);
  }
  return calls_leave(calls, rv);
}

int h46017_call_release(h46017_call *call, uint8_t cause, h46017_time now) {
  h46017_call_content content;

  h46017_call_content_default(&content);
  content.cause = cause;
  return h46017_call_write(call, H46017_Q931_RELEASE_COMPLETE, &content, now);
}

int h46017_call_h245(h46017_call *call, const uint8_t *per, size_t len,
                     h46017_time now) {
  const h46017_octets one = {per, len};
  h46017_call_content content;

  if (per == NULL || len == 0) {
    return H46017_ERR_INVALID_ARGUMENT;
  }
  h46017_call_content_default(&content);
  content.h245.list = &one;
  content.h245.count = 1;
  return h46017_call_write(call, H46017_Q931_FACILITY, &content, now);
}

int call_end(h46017_call *call, uint8_t cause, int code) {
  const call_address to = call_address_of(call);
  const h46017_call_ended why = {code, cause, H46017_RELEASE_ABSENT, NULL};
  int rv =
      calls_put_cause(call->calls, &to, H46017_Q931_RELEASE_COMPLETE, cause);
  int moved = call_move(call, CALL_EV_TIMER, &why);

  return rv != 0 ? rv : moved;
}

/* -- whole messages of the program's own ------------------------------------
 */

/* The call a Setup of the program's begins. */
static int calls_begin(h46017_calls *calls, const h46017_q931 *msg,
                       h46017_call **pcall, bool *pmade) {
  h46017_call *call = calls_lookup(calls, true, msg->call_reference);
  const uint8_t *per;
  size_t len;
  int rv;

  *pmade = call == NULL;
  if (call == NULL) {
    rv = calls_add(calls, true, msg->call_reference, &call);
    if (rv != 0) {
      return rv;
    }
  } else if (call->state != H46017_CALL_IDLE) {
    return H46017_ERR_CALL_REFERENCE;
  }
  /* What it is called is in there; where not, it has no name. */
  if (h46017_q931_user_user(msg, &per, &len) == 0 &&
      h46017_h225_decode(calls->work->out, h46017_h225_user_information(), per,
                         len) == 0) {
    call_read_guids(calls->work->out, call);
  }
  *pcall = call;
  return 0;
}

static int calls_send_message(h46017_calls *calls, const h46017_q931 *msg,
                              h46017_call **pcall) {
  const h46017_call_message sent = {msg->type, msg, NULL};
  h46017_call *call;
  bool made = false;
  int rv = 0;

  if (msg->type == H46017_Q931_SETUP && !msg->call_reference_flag) {
    rv = calls_begin(calls, msg, &call, &made);
  } else {
    call = h46017_calls_find(calls, !msg->call_reference_flag,
                             msg->call_reference);
    rv = call == NULL ? H46017_ERR_NOT_FOUND : 0;
  }
  if (rv != 0) {
    return rv;
  }
  rv = call_check_sending(call, msg->type);
  if (rv == 0) {
    rv = calls_emit(calls, msg->data, msg->len);
  }
  if (rv != 0) {
    if (made) {
      calls->count--;
      calls_forget(call);
    }
    return rv;
  }
  if (pcall != NULL) {
    *pcall = call;
  }
  return call_sent(call, msg->type, call_read_cause(&sent, NULL));
}

int h46017_calls_send(h46017_calls *calls, const uint8_t *q931, size_t len,
                      h46017_call **pcall, h46017_time now) {
  h46017_q931 msg;
  int rv = calls_enter_nested(calls, now);

  if (rv != 0) {
    return rv;
  }
  if (q931 == NULL ||
      h46017_q931_parse(&msg, q931, len, H46017_LENIENT_DEFAULT) != 0 ||
      msg.call_reference == 0 || msg.call_reference_length != 2) {
    rv = H46017_ERR_Q931;
  } else if (calls->work->building) {
    rv = H46017_ERR_REENTRANT;
  } else {
    rv = calls_send_message(calls, &msg, pcall);
  }
  return calls_leave(calls, rv);
}

/* -- in -------------------------------------------------------------------- */

static bool call_is_up(const h46017_call *call) {
  return call->state != H46017_CALL_RELEASED && !call->calls->doomed &&
         call->calls->error == 0;
}

/* Decodes the H.323 part into work->in; *puui NULL: there is none. */
static int calls_decode(h46017_calls *calls, const h46017_q931 *msg,
                        h46017_h225 **puui) {
  h46017_h225 *in = calls->work->in;
  const uint8_t *per;
  size_t len;
  int rv = h46017_q931_user_user(msg, &per, &len);

  *puui = NULL;
  if (rv == H46017_ERR_ABSENT || rv == H46017_ERR_UNEXPECTED) {
    return 0;
  }
  if (rv == 0) {
    rv = h46017_h225_decode(in, h46017_h225_user_information(), per, len);
  }
  if (rv == H46017_ERR_NOMEM) {
    calls->error = rv;
    return rv;
  }
  if (rv != 0) {
    h46017_log_code(
        &calls->log, H46017_LOG_WARN, H46017_ERR_UUIE,
        "%s of call %u: %s at octet %zu", h46017_q931_type_name(msg->type),
        (unsigned)msg->call_reference, h46017_h225_last_error(in)->text,
        h46017_h225_last_error(in)->offset);
    return H46017_ERR_UUIE;
  }
  *puui = in;
  return 0;
}

/* Tunnelled H.245, in the order of the message. */
static int call_hand_h245(h46017_call *call, const h46017_call_message *msg) {
  h46017_calls *calls = call->calls;
  h46017_h225_value list;
  size_t count;
  int rv = 0;

  if (msg->uui == NULL || calls->callbacks.h245_received == NULL) {
    return 0;
  }
  list = h46017_h225_get(h46017_h225_root(msg->uui), "h323-uu-pdu.h245Control");
  count = h46017_h225_count(list);
  for (size_t i = 0; i < count && rv == 0 && call_is_up(call); i++) {
    const uint8_t *per;
    size_t len;
    rv = h46017_h225_read_octets(h46017_h225_at(list, i), &per, &len);
    if (rv == 0) {
      rv = calls_callback(calls, calls->callbacks.h245_received(
                                     calls, call, per, len, calls->user_data));
    }
  }
  return rv;
}

static void call_note_tunnelling(h46017_call *call, const h46017_h225 *uui) {
  int says = uui != NULL ? call_tunnelling(uui) : -1;

  /* Absence on this connection means TRUE; and so the flag counts only where
   * it is there. H.460.17 */
  if (says >= 0) {
    call->h245_refused = says == 0;
  }
}

static int call_hand(h46017_call *call, const h46017_call_message *msg) {
  h46017_calls *calls = call->calls;
  int rv = 0;

  if (!call_is_up(call)) {
    return 0;
  }
  if (msg->type == H46017_Q931_SETUP) {
    rv = calls->callbacks.setup_received(calls, call, msg, calls->user_data);
  } else if (calls->callbacks.message_received != NULL) {
    rv = calls->callbacks.message_received(calls, call, msg, calls->user_data);
  }
  rv = calls_callback(calls, rv);
  return rv != 0 || !call_is_up(call) ? rv : call_hand_h245(call, msg);
}

static int calls_setup(h46017_calls *calls, const h46017_q931 *q931) {
  const call_address back = {q931->call_reference, true, 0, NULL, NULL};
  h46017_call_message msg = {H46017_Q931_SETUP, q931, NULL};
  h46017_call *call = NULL;
  uint8_t cause = 0;
  int rv = calls_decode(calls, q931, &msg.uui);

  if (calls->callbacks.setup_received == NULL) {
    cause = CAUSE_INCOMPATIBLE;
  } else if (rv == H46017_ERR_UUIE) {
    cause = CAUSE_CONTENTS;
  } else if (rv != 0) {
    return rv;
  } else if (msg.uui == NULL) {
    cause = CAUSE_MISSING;
  } else {
    rv = calls_add(calls, false, q931->call_reference, &call);
    cause = rv == H46017_ERR_LIMIT ? CAUSE_BUSY : 0;
  }
  if (cause != 0) {
    h46017_log_line(&calls->log, H46017_LOG_INFO,
                    "Setup of call %u refused, cause %u",
                    (unsigned)q931->call_reference, (unsigned)cause);
    return calls_put_cause(calls, &back, H46017_Q931_RELEASE_COMPLETE, cause);
  }
  if (rv != 0) {
    calls->error = rv;
    return rv;
  }
  call_read_guids(msg.uui, call);
  call_note_tunnelling(call, msg.uui);
  rv = call_move(call, CALL_EV_SETUP, NULL);
  return rv != 0 ? rv : call_hand(call, &msg);
}

/* Q.931 5.8.3: a message under a reference that is no call's. */
static int calls_unknown(h46017_calls *calls, const h46017_q931 *msg) {
  const call_address back = {msg->call_reference, !msg->call_reference_flag, 0,
                             NULL, NULL};

  switch (msg->type) {
  case H46017_Q931_SETUP:
    /* with the flag set it would begin a call under a reference of ours */
    return msg->call_reference_flag ? 0 : calls_setup(calls, msg);
  case H46017_Q931_RELEASE_COMPLETE:
  case H46017_Q931_STATUS:
    return 0;
  case H46017_Q931_STATUS_INQUIRY:
    return calls_put_cause(calls, &back, H46017_Q931_STATUS, CAUSE_STATUS);
  default:
    return calls_put_cause(calls, &back, H46017_Q931_RELEASE_COMPLETE,
                           CAUSE_BAD_REFERENCE);
  }
}

/* Hands up what is in it, then the end. */
static int call_released(h46017_call *call, const h46017_call_message *msg) {
  h46017_call_ended why = {H46017_ERR_CALL_RELEASED, 0, H46017_RELEASE_ABSENT,
                           msg};
  int rv = call_hand_h245(call, msg);

  if (rv != 0 || !call_is_up(call)) {
    return rv;
  }
  why.cause = call_read_cause(msg, &why.reason);
  return call_move(call, CALL_EV_RELEASE, &why);
}

/* Q.931 5.8.11: the other side says where it stands. */
static int call_status(h46017_call *call, const h46017_call_message *msg) {
  h46017_call_ended why = {H46017_ERR_CALL_LOST, 0, H46017_RELEASE_ABSENT, msg};
  h46017_q931_ie ie;

  call->inquiries = 0;
  call->inquiry_timer = H46017_TIME_NEVER;
  calls_rearm(call);
  if (h46017_q931_find(msg->q931, H46017_Q931_IE_CALL_STATE, &ie) &&
      ie.len > 0 && (ie.contents[0] & 0x3f) == 0) {
    why.cause = call_ie_octet(msg->q931, H46017_Q931_IE_CAUSE, 1);
    why.cause = why.cause != 0 ? why.cause : CAUSE_STATE;
    return call_move(call, CALL_EV_RELEASE, &why);
  }
  return call_hand(call, msg);
}

static int call_receive(h46017_call *call, const h46017_q931 *q931) {
  call_event ev = call_event_of(q931->type);
  h46017_call_message msg = {q931->type, q931, NULL};
  h46017_fsm_verdict verdict;
  int rv;

  if (ev == CALL_EV_NONE) {
    /* H.225.0 table 4: not used, or forbidden. */
    return q931->type == H46017_Q931_CONNECT_ACKNOWLEDGE
               ? 0
               : call_put_status(call, CAUSE_NO_TYPE);
  }
  verdict = h46017_fsm_check(&h46017_call_fsm, call->state, (int)ev);
  if (verdict != H46017_FSM_HANDLE) {
    return verdict == H46017_FSM_IGNORE ? 0
                                        : call_put_status(call, CAUSE_STATE);
  }
  rv = calls_decode(call->calls, q931, &msg.uui);
  if (rv == H46017_ERR_UUIE && ev != CALL_EV_RELEASE) {
    return q931->type == H46017_Q931_STATUS
               ? 0 /* never a Status to a Status */
               : call_put_status(call, CAUSE_CONTENTS);
  }
  if (rv != 0 && rv != H46017_ERR_UUIE) {
    return rv;
  }
  if (ev == CALL_EV_RELEASE) {
    return call_released(call, &msg);
  }
  if (q931->type == H46017_Q931_STATUS) {
    return call_status(call, &msg);
  }
  call_note_tunnelling(call, msg.uui);
  if (q931->type == H46017_Q931_STATUS_INQUIRY) {
    rv = call_put_status(call, CAUSE_STATUS);
  } else {
    rv = call_move(call, ev, NULL);
  }
  return rv != 0 ? rv : call_hand(call, &msg);
}

int h46017_calls_receive(h46017_calls *calls, const h46017_q931 *msg,
                         h46017_time now) {
  h46017_call *call;
  int rv = calls_enter(calls, now);

  if (rv != 0) {
    return rv;
  }
  call = calls_lookup(calls, msg->call_reference_flag, msg->call_reference);
  if (msg->call_reference == 0) {
    h46017_log_line(&calls->log, H46017_LOG_DEBUG, "%s of no call",
                    h46017_q931_type_name(msg->type));
  } else if (call == NULL || call->state == H46017_CALL_IDLE) {
    rv = calls_unknown(calls, msg);
  } else if (call->state != H46017_CALL_RELEASED) {
    rv = call_receive(call, msg);
  }
  if (rv != 0 && calls->error == 0) {
    calls->error = rv;
  }
  return calls_leave(calls, rv);
}
