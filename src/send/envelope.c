/* What all mails share. See send/envelope.h. */
#include "send/envelope.h"

#include <stdio.h>
#include <string.h>

int envelope_sender(const struct settings *s, const struct compose_input *in, struct address *out,
                    struct err *err)
{
    *out = (struct address){0};
    if (in->from != NULL)
        return address_parse(in->from, out, err);
    snprintf(out->name, sizeof(out->name), "%s", s->business.name);
    snprintf(out->mailbox, sizeof(out->mailbox), "%s",
             s->business.email != NULL ? s->business.email : "betimes@localhost");
    return 0;
}

bool envelope_unsubscribe(const struct settings *s, const struct compose_input *in,
                          char out[ADDRESS_MAX])
{
    struct address a;

    if (in->recipient != NULL || in->to_house || in->client == NULL)
        return false;
    int rc = in->reply_to != NULL ? address_parse(in->reply_to, &a, NULL)
                                  : envelope_sender(s, in, &a, NULL);
    memcpy(out, a.mailbox, ADDRESS_MAX);
    return rc == 0;
}
