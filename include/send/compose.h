/*
 * The words of one message: the records become the template's data, the template becomes text, the
 * text becomes what goes over the wire.
 */
#ifndef SEND_COMPOSE_H
#define SEND_COMPOSE_H

#include <jansson.h>

#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "store/messages.h"
#include "text/sms.h"
#include "text/template_set.h"

#define COMPOSE_REASON_MAX 400
#define COMPOSE_ALSO_MAX 15 /* messages that go with one */

struct invitation; /* send/invite.h */

/* Everything is borrowed for the call; NULL where there is none. */
struct compose_input {
    const struct rule *rule;
    enum channel channel;
    const struct client *client;
    const struct job *job;
    const struct appointment *appointment;
    const struct answer *answer;
    const struct staff *staff;     /* in charge */
    const struct staff *recipient; /* set when the message goes to a member of staff */
    bool to_house;    /* it goes to the office or to an address of the rule's: to nobody by name */
    const char *to;   /* the address or number */
    const char *from; /* the gateway's `from` */
    const char *reply_to;
    const char *token;                   /* 32 hex digits */
    const struct invitation *invitation; /* that goes with the mail */
    struct store *links; /* that makes links, with a transaction open; NULL: they are samples */
    int64_t now_ms;
    const struct compose_input *const *also; /* what goes with it, for the same person */
    size_t also_count;                       /* at most COMPOSE_ALSO_MAX */
};

/* Compose. On 0 `out` holds token, language, subject, text and, for e-mail, the exact bytes; `size`
 * (may be NULL) what a text costs. ERR_NOTFOUND: there is no template for it; ERR_INVALID: words
 * are missing or wrong (out->text may still hold the text with gaps, for a preview); ERR_LIMIT: too
 * long. `reason` (COMPOSE_REASON_MAX bytes) then tells a person why. With no `to`, a preview:
 * out->data is the HTML page instead of a mail. A task has the words of the text message, or else
 * the subject and the text of the e-mail. Close `out` in any case. */
int compose(const struct settings *settings, const struct template_set *templates,
            const struct compose_input *in, struct payload *out, struct sms_size *size,
            char *reason);

/* What goes with it (`also`) is said in the section {{#also}} of its template, where that is the
 * template of both and has one; the texts of the others follow, with a blank line between. */

/* The data that a template sees, a new reference. Of `also` it has nothing. */
json_t *compose_data(const struct settings *settings, const struct compose_input *in);

/* Every name that the data can have, for checking templates. */
const struct template_names *compose_names(void);

/* The language a person is written to in: her own, else the business's, as for the house. */
const char *compose_language(const struct settings *settings, const struct compose_input *in);

#endif
