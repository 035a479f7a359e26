/*
 * Who a mail is from, where answers go, and how to get off the list: what all mails to clients
 * share, whoever wrote their words.
 */
#ifndef SEND_ENVELOPE_H
#define SEND_ENVELOPE_H

#include "playbook/settings.h"
#include "send/compose.h"
#include "text/address.h"

/* Who the mail is from: the gateway's own `from`; a gateway into a folder may have none. */
int envelope_sender(const struct settings *s, const struct compose_input *in, struct address *out,
                    struct err *err);

/* Where "take me off the list" goes: for clients, to whoever reads the answers. false: nowhere. */
bool envelope_unsubscribe(const struct settings *s, const struct compose_input *in,
                          char out[ADDRESS_MAX]);

#endif
