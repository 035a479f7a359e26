/*
 * Delivery reports: what becomes of a text after the provider took it, told by the provider in a
 * request to an address that went out with the text. The [report] section of a provider file says
 * how such a request is read, and how it shows that it is the provider's:
 *
 *     signature   twilio, vonage, plivo, messagebird or hmac, `with` the key of the gateway's
 *                 section that holds the secret (several: the first that is given)
 *     id, error   fields that hold the provider's id of the message, and an error code for people
 *     status      the field that tells how it stands; then which words in it mean what:
 *     sent, delivered, failed
 *
 * A field is one of the query, of the form, or of the JSON object that the body is. The address
 * holds the message's token, 128 bits that nobody else has; where no secret is given, it is the
 * only proof, beside the addresses that reports may come from.
 */
#ifndef GATEWAY_REPORT_H
#define GATEWAY_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "playbook/problems.h"
#include "playbook/settings.h"

#define REPORT_FIELDS_MAX 200 /* of a request: its query, form and JSON together */
#define REPORT_WORD_MAX 64    /* bytes kept of an id or an error code */

/* In the order in which a message comes to them; kept in the database. */
enum report_status { REPORT_SENT = 1, REPORT_DELIVERED, REPORT_FAILED };

enum report_signature {
    REPORT_UNSIGNED,
    REPORT_TWILIO,
    REPORT_VONAGE,
    REPORT_PLIVO,
    REPORT_MESSAGEBIRD,
    REPORT_HMAC
};

/* The [report] section of a provider file. All zero: there is none. */
struct report_rules {
    char *id, *status, *error; /* names of fields; NULL: none */
    struct str_list words[REPORT_FAILED + 1];
    enum report_signature signature;
    struct str_list secrets; /* keys of the gateway's section */
};

/* Take in one entry of [report]. What is wrong goes into `problems` with `file` and `line`. */
void report_rules_add(struct report_rules *r, const char *key, const char *value, const char *file,
                      int line, struct problems *problems);
void report_rules_close(struct report_rules *r);

struct report_field {
    const char *name, *value;
};

/* A request as it came; all borrowed. */
struct report_request {
    const char *from; /* the address of who asks */
    const char *url;  /* whole, as the provider was given it, with the query as it came */
    const struct report_field *query, *form, *headers;
    size_t query_count, form_count, header_count;
    const char *body; /* the bytes, also of a form */
    size_t len;
    bool json; /* the body is JSON */
};

/* Where reports of a gateway come from: rules and secret, independent of the settings. */
struct report_source;

/* For a gateway with a report_url, whose provider file is in the folder `providers`. NULL, and what
 * is wrong in `err`. */
struct report_source *report_source_create(const struct gateway_settings *settings,
                                           const char *providers, struct err *err);
void report_source_free(struct report_source *s); /* NULL does nothing */

/* The beginning of the addresses that it calls; lives as long as `s`. */
const char *report_source_url(const struct report_source *s);

enum report_verdict {
    REPORT_FORGED,  /* it is not the provider's */
    REPORT_NOTHING, /* it says nothing of interest */
    REPORT_TOLD
};

struct report {
    enum report_status status;
    char id[REPORT_WORD_MAX], code[REPORT_WORD_MAX]; /* "": none; letters, digits and -_. only */
};

/* What the request says, at this moment (a signature may have an end). Safe to call from any
 * thread. */
enum report_verdict report_judge(const struct report_source *s, const struct report_request *r,
                                 int64_t now_ms, struct report *out);

/* Is the request signed with the secret? `fields`: all of query, form and JSON. */
bool report_signed(enum report_signature how, const char *secret, const struct report_request *r,
                   const struct report_field *fields, size_t count, int64_t now_ms);

#endif
