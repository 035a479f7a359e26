/*
 * betimes why: by which channel a message goes. Names, addresses and preferences are those of now;
 * the ledger of consent says also what counted at an earlier time.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/show.h"
#include "cli/why.h"
#include "store/records.h"

static const char *const by_names[] = {
    [BY_PREFERRED] = "preferred",
    [BY_SMS] = "sms",
    [BY_EMAIL] = "email",
    [BY_SMS_THEN_EMAIL] = "sms then email",
    [BY_EMAIL_THEN_SMS] = "email then sms",
    [BY_SMS_AND_EMAIL] = "sms and email",
    [BY_TASK] = "task",
};

static bool names(const struct rule *r, enum channel c)
{
    if (r->by == BY_TASK)
        return false;
    return r->by == BY_EMAIL ? c == CHANNEL_EMAIL : r->by == BY_SMS ? c == CHANNEL_SMS : true;
}

static void tell_by(const struct asking *a, const struct rule *r, const struct plan_contact *p,
                    struct why_steps *out)
{
    const struct business *b = &a->config.settings->business;
    json_t *o = json_object();
    struct buf words;

    buf_init(&words);
    json_object_set_new(o, "by", json_string(by_names[r->by]));
    if (r->by == BY_PREFERRED) {
        json_object_set_new(o, "preferred",
                            p->preferred_set ? json_string(channel_name(p->preferred))
                                             : json_null());
        if (p->preferred_set)
            buf_printf(&words, "; %s is preferred", channel_name(p->preferred));
        else
            buf_puts(&words, "; none is preferred, so in the order");
        for (size_t i = 0; !p->preferred_set && i < b->prefer_count; i++)
            buf_printf(&words, "%s %s", i > 0 ? "," : "", channel_name(b->prefer[i]));
    }
    why_step(out, "channel", o, "the rule says %s%s", by_names[r->by],
             words.len > 0 ? words.data : "");
    buf_close(&words);
}

/* "; opted out on 2026-11-20T10:00:00Z, by text message". */
static void consent_words(const struct consent *c, int rc, enum purpose purpose, struct buf *out)
{
    if (rc == 0)
        buf_printf(out, "; %s %s messages on %s", c->in ? "agreed to" : "opted out of",
                   purpose_name(purpose), c->at);
    else
        buf_printf(out, "; nothing is on record about %s messages%s", purpose_name(purpose),
                   purpose == PURPOSE_MARKETING ? ", which need an agreement" : "");
    if (rc == 0 && c->source != NULL)
        buf_printf(out, " (%s)", c->source);
}

static json_t *consent_json(const struct consent *c, int rc)
{
    json_t *o;

    if (rc != 0)
        return json_null();
    o = json_object();
    json_object_set_new(o, "state", json_string(c->in ? "in" : "out"));
    json_object_set_new(o, "at", show_json_text(c->at));
    json_object_set_new(o, "source", show_json_text(c->source));
    return o;
}

/* One channel: its address, and whether it can be used. */
static void tell_channel(const struct asking *a, struct store *s, const struct rule *r,
                         const struct plan_contact *p, enum channel c, int64_t client_id,
                         int64_t then_ms, struct why_steps *out)
{
    const char *address = c == CHANNEL_EMAIL ? p->email : p->phone;
    struct rule only = *r;
    struct plan_contact asked = *p;
    enum channel found[2];
    char reason[PLAN_REASON_MAX];
    struct consent consent = {0};
    struct buf words;
    json_t *o = json_object();

    /* Consent is told from the ledger: the address alone is asked about here. */
    only.by = c == CHANNEL_EMAIL ? BY_EMAIL : BY_SMS;
    memset(asked.opted_out, 0, sizeof(asked.opted_out));
    bool there = plan_channels(&only, &a->config.settings->business, &asked, found, reason) > 0;
    char why[PLAN_REASON_MAX];
    bool usable = plan_channels(&only, &a->config.settings->business, p, found, why) > 0;
    buf_init(&words);
    buf_printf(&words, "%s: %s", channel_name(c), there ? address : reason);
    json_object_set_new(o, "channel", json_string(channel_name(c)));
    json_object_set_new(o, "address", show_json_text(address));
    json_object_set_new(o, "usable", json_boolean(usable));
    if (client_id != 0 && r->purpose != PURPOSE_INTERNAL) {
        int rc = store_consent(s, client_id, c, r->purpose, then_ms, &consent);
        consent_words(&consent, rc, r->purpose, &words);
        json_object_set_new(o, "consent", consent_json(&consent, rc));
        consent_close(&consent);
    }
    why_step(out, "channel", o, "%s", words.data);
    buf_close(&words);
}

void why_channels(const struct asking *a, struct store *s, const struct rule *r,
                  const struct plan_contact *contact, int64_t client_id, int64_t then_ms,
                  struct why_steps *out)
{
    bool sms_first = r->by == BY_SMS_THEN_EMAIL || r->by == BY_SMS_AND_EMAIL;
    enum channel found[2];
    char reason[PLAN_REASON_MAX];

    tell_by(a, r, contact, out);
    for (size_t i = 0; i < CHANNEL_TASK; i++) {
        enum channel c = (enum channel)(sms_first ? CHANNEL_SMS - i : i);
        if (names(r, c))
            tell_channel(a, s, r, contact, c, client_id, then_ms, out);
    }
    size_t n = plan_channels(r, &a->config.settings->business, contact, found, reason);
    json_t *o = json_object();
    json_object_set_new(o, "now", n > 0 ? json_string(channel_name(found[0])) : json_null());
    json_object_set_new(o, "reason", n > 0 ? json_null() : show_json_text(reason));
    if (n == 0)
        why_step(out, "channel", o, "as of now none can be used: %s", reason);
    else if (n == 2 && r->by == BY_SMS_AND_EMAIL)
        why_step(out, "channel", o, "as of now by both");
    else
        why_step(out, "channel", o, "as of now by %s", channel_name(found[0]));
}
