/*
 * What an SMS provider's HTTP reply means: the ordered rules of a provider file's [reply] section.
 * Private to the gateway room; the syntax is described atop conf/providers/twilio.conf. Pure.
 */
#ifndef GATEWAY_REPLY_H
#define GATEWAY_REPLY_H

#include "gateway/gateway.h"
#include "playbook/problems.h"

#define REPLY_DEPTH_MAX 32  /* brackets within one another in a JSON reply; deeper is garbage */
#define REPLY_STEPS_MAX 8   /* of a path such as $.messages[0].status */
#define REPLY_TERMS_MAX 8   /* joined by `and` */
#define REPLY_VALUES_MAX 64 /* after `in`, or status codes in a row */
#define REPLY_RULES_MAX 64  /* of one provider file */

struct reply_rules;

/* Rules with nothing in them yet; free them with reply_rules_free. */
struct reply_rules *reply_rules_create(void);
void reply_rules_free(struct reply_rules *r);

/* Take in one entry of [reply]: `id`, `error`, or a verdict with its conditions, one a line. What
 * is wrong goes into `problems` with `file` and `line`. */
void reply_rules_add(struct reply_rules *r, const char *key, const char *value, const char *file,
                     int line, struct problems *problems);

/* Is there a rule for `sent`? Without one nothing could ever be sent. */
bool reply_rules_complete(const struct reply_rules *r);

/* Judge a whole reply. All of `out` but retry_after_ms is set. */
void reply_judge(const struct reply_rules *r, int status, const char *body, size_t len,
                 struct gateway_result *out);

#endif
