/*
 * All that one message is about, loaded: its rule, its subject's records, who gets it and how that
 * person can be reached. The gate decides with it, compose writes with it.
 */
#ifndef SEND_LETTER_H
#define SEND_LETTER_H

#include "send/compose.h"
#include "store/condition.h"
#include "watch/subject.h"

struct letter {
    const struct rule *rule; /* NULL: the rule is not in the playbook any more */
    struct subject subject;
    struct entity recipient;
    struct staff in_charge, recipient_staff;
    struct contact staff_contact;
    struct plan_contact address_contact;
    const struct plan_contact *contact; /* the recipient's; NULL: the recipient is gone */
    struct condition_ids ids;
    struct compose_input input; /* all but to, from, reply_to, token */
};

/* Load it for `m`. ERR_NOTFOUND when the subject is gone. Close in any case; do not copy. */
int letter_load(struct world *w, const struct message *m, int64_t now_ms, struct letter *out);
void letter_close(struct letter *l);

/* The address for a channel; NULL: none (a task needs none). */
const char *letter_address(const struct letter *l, enum channel c);

#endif
