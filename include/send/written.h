/*
 * Messages that a person writes to one client: words of their own, and no rule of the playbook. The
 * gate decides about them late, like about all others: consent, hours and caps hold. They stand in
 * the client's history as messages of the rules `by-hand`, `by-hand-marketing`, `by-hand-survey`,
 * which no playbook has.
 *
 * Such a message is about nothing but its client: the client is its subject and its recipient.
 */
#ifndef SEND_WRITTEN_H
#define SEND_WRITTEN_H

#include "playbook/playbook.h"
#include "playbook/settings.h"
#include "send/compose.h"
#include "store/store.h"
#include "text/sms.h"

#define WRITTEN_USEFUL_DAYS 3 /* what could not go until then has grown old */

/* The rule that a message of this name obeys by this channel; lives as long as the program. NULL:
 * it is none of these. */
const struct rule *written_rule(const char *name, enum channel c);

/* The name for a purpose: service, marketing or survey. */
const char *written_rule_name(enum purpose p);

/* What is written by a person. Everything is borrowed. */
struct written {
    int64_t client_id; /* row */
    enum channel channel;
    enum purpose purpose;
    const char *subject; /* of an e-mail */
    const char *text;
};

/* The channel that a client prefers for such a message; where nothing reaches them, or they want
 * none of it, *out is left as it is and `reason` (PLAN_REASON_MAX bytes) says why; otherwise it is
 * "". */
int written_channel(struct store *s, const struct settings *settings, int64_t client_id,
                    enum purpose p, enum channel *out, char *reason);

/* The text as it will go (a text message may be transliterated), to be freed, with what it takes;
 * `size` is all zero for an e-mail. ERR_INVALID, ERR_LIMIT with a sentence; *out is there even so,
 * or NULL. */
int written_words(const struct settings *s, const struct written *w, char **out,
                  struct sms_size *size, struct err *err);

/* Write the row of the message and its words (`text` as written_words gave it) within the caller's
 * transaction, due now: the service takes it from there. ERR_NOTFOUND: there is no such client. */
int written_add(struct store *s, const struct written *w, const char *text, const char *language,
                int64_t now_ms, int64_t *message_id);

/* What would become of it right now. */
enum written_fate { WRITTEN_GOES, WRITTEN_WAITS, WRITTEN_NEVER };
struct written_answer {
    enum written_fate fate;
    int64_t at_ms; /* WRITTEN_WAITS */
    char reason[COMPOSE_REASON_MAX];
};

/* Ask the gate, changing nothing: in a transaction that is rolled back. ERR_NOTFOUND. */
int written_ask(struct store *s, const struct settings *settings, const struct written *w,
                int64_t now_ms, struct written_answer *out);

/* The exact bytes of an e-mail (`p` has subject, text, language, token), to `in`.to. */
int written_mail(const struct settings *s, const struct compose_input *in, struct payload *p,
                 struct err *err);

#endif
