/*
 * Provider files: how an SMS provider's HTTP interface is used, declared in an INI file. The syntax
 * is described, with an example, atop conf/providers/twilio.conf:
 *
 *     [provider]  name, url, method, auth
 *     [need]      keys that the gateway's section has to give, each with a word of help
 *     [may]       keys that it may give
 *     [headers]   headers of the request
 *     [form]      fields of the body; or [json] or [text] with one key, `body`
 *     [reply]     id, error, and which replies mean what (gateway/reply.h)
 *     [report]    how delivery reports are read (gateway/report.h)
 *
 * Values of url, [headers], [form], [json] and [text] are templates with these names: to, from
 * (as the message has them), to_digits, from_digits (without the +), text, unicode (true when GSM-7
 * does not do), token (32 hex digits, the same in every try of one message), id (ours), report_url
 * (where its delivery reports are to go; empty unless they are wanted), and every key of [need] and
 * [may]. `url`, `method` and `auth` in the gateway's section replace the file's.
 */
#ifndef GATEWAY_PROVIDER_H
#define GATEWAY_PROVIDER_H

#include "base/buf.h"
#include "gateway/gateway.h"
#include "gateway/reply.h"
#include "gateway/report.h"
#include "playbook/problems.h"
#include "text/template.h"

#define PROVIDER_REQUEST_MAX 65536 /* bytes of a URL, a header or a body */

enum provider_auth { PROVIDER_AUTH_NONE, PROVIDER_AUTH_BASIC, PROVIDER_AUTH_BEARER };
enum provider_body {
    PROVIDER_BODY_NONE,
    PROVIDER_BODY_FORM,
    PROVIDER_BODY_JSON,
    PROVIDER_BODY_TEXT
};

struct provider_key {
    char *name, *help;
    bool needed;
};

/* A header, a field of the form, or the whole body (then `name` is "body"). */
struct provider_field {
    char *name;
    struct template *value;
};

struct provider {
    char *file;
    char *name; /* for people */
    bool get;
    enum provider_auth auth;
    char *url_text; /* as written */
    struct template *url;
    struct provider_key *keys;
    size_t key_count, key_cap;
    struct provider_field *headers;
    size_t header_count, header_cap;
    enum provider_body body_type;
    struct provider_field *body;
    size_t body_count, body_cap;
    struct reply_rules *reply;
    struct report_rules report;
};

/* Read the file at `path`. Everything wrong goes into `problems` with file and line; NULL when
 * there is at least one error. Free with provider_free. */
struct provider *provider_read(const char *path, struct problems *problems);
void provider_free(struct provider *p);

/* Put what the gateway's section says in the place of the file's (url, method, auth), and check
 * that it gives every key that is needed and none that means nothing. `file` is the configuration
 * file that the section stands in, for messages. False when something was wrong. */
bool provider_fit(struct provider *p, const struct gateway_settings *settings, const char *file,
                  struct problems *problems);

/* The provider file of a gateway from the folder `folder`, read and fitted. NULL with everything
 * that is wrong in `err`. */
struct provider *provider_load(const struct gateway_settings *settings, const char *folder,
                               struct err *err);

struct provider_request {
    bool get;
    char *url;
    struct str_list headers; /* "Name: value" */
    struct buf body;
    const char *user, *password; /* basic authentication; NULL: none. Borrowed. */
};

/* Build the request for one message. 0, or ERR_INVALID with `err` set when the templates cannot be
 * rendered. Close it with provider_request_close in either case. */
int provider_build(const struct provider *p, const struct gateway_settings *settings,
                   const struct gateway_message *m, struct provider_request *out, struct err *err);
void provider_request_close(struct provider_request *r); /* overwrites what may be secret */

#endif
