/*
 * Messages that a person writes to one client. See send/written.h.
 *
 * The words are stored with the row, before the gate has said anything; the bytes of a mail are
 * made when it goes, to the address that the client has then.
 */
#include "send/written.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "send/envelope.h"
#include "send/gate.h"
#include "store/queries.h"
#include "text/locale.h"
#include "text/mime.h"

#define USEFUL_MS (WRITTEN_USEFUL_DAYS * 24 * 3600 * INT64_C(1000))
#define TOKEN_BITS 128
#define LOOKS_MAX 8 /* of the gate: hours, then a cap, then hours again */

/* --- rules that no playbook has --- */

/* No playbook can have a rule of such a name: there is a space in it. */
#define NAME_SERVICE "by hand"
#define NAME_MARKETING "by hand, marketing"
#define NAME_SURVEY "by hand, survey"

#define RULE(n, p, b)                                                                              \
    {                                                                                              \
        .name = (n), .by = (b), .purpose = (p), .capped = true, .late_ms = LATE_DEFAULT,           \
        .outside = OUTSIDE_LATER                                                                   \
    }

static const struct rule rules[][2] = {
    {RULE(NAME_SERVICE, PURPOSE_SERVICE, BY_EMAIL), RULE(NAME_SERVICE, PURPOSE_SERVICE, BY_SMS)},
    {RULE(NAME_MARKETING, PURPOSE_MARKETING, BY_EMAIL),
     RULE(NAME_MARKETING, PURPOSE_MARKETING, BY_SMS)},
    {RULE(NAME_SURVEY, PURPOSE_SURVEY, BY_EMAIL), RULE(NAME_SURVEY, PURPOSE_SURVEY, BY_SMS)},
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

const struct rule *written_rule(const char *name, enum channel c)
{
    for (size_t i = 0; i < RULES; i++)
        if (strcmp(name, rules[i][0].name) == 0 && c != CHANNEL_TASK)
            return &rules[i][c == CHANNEL_SMS];
    return NULL;
}

const char *written_rule_name(enum purpose p)
{
    for (size_t i = 0; i < RULES; i++)
        if (rules[i][0].purpose == p)
            return rules[i][0].name;
    return NULL;
}

/* --- words --- */

int written_words(const struct settings *s, const struct written *w, char **out,
                  struct sms_size *size, struct err *err)
{
    struct buf text;
    const char *rest = w->text;

    *size = (struct sms_size){0};
    buf_init(&text);
    for (; *rest != '\0'; rest++) /* browsers send line ends as CRLF */
        if (rest[0] != '\r' || rest[1] != '\n')
            buf_putc(&text, *rest);
    if (w->channel == CHANNEL_SMS && s->channels[CHANNEL_SMS].transliterate) {
        struct buf plain;
        buf_init(&plain);
        locale_gsm(locale_get(s->business.language, s->business.country), text.data, text.len,
                   &plain);
        buf_close(&text);
        text = plain;
    }
    char *words = buf_steal(&text);
    *out = mem_strdup(str_trim(words));
    free(words);
    if (**out == '\0') {
        err_set(err, "the text is empty");
        return ERR_INVALID;
    }
    if (w->channel == CHANNEL_EMAIL && strlen(*out) > MIME_BODY_MAX) {
        err_set(err, "the text is too long for a mail");
        return ERR_LIMIT;
    }
    return w->channel == CHANNEL_SMS ? sms_measure(*out, strlen(*out), size, err) : 0;
}

int written_mail(const struct settings *s, const struct compose_input *in, struct payload *p,
                 struct err *err)
{
    char id[MIME_ID_MAX], mailbox[ADDRESS_MAX];
    struct address from, reply;
    int rc = envelope_sender(s, in, &from, err);

    if (rc == 0 && in->reply_to != NULL)
        rc = address_parse(in->reply_to, &reply, err);
    if (rc == 0)
        rc = mime_message_id(id, p->token, strchr(from.mailbox, '@') + 1, err);
    if (rc != 0)
        return rc;
    bool leave = in->rule->purpose == PURPOSE_MARKETING && envelope_unsubscribe(s, in, mailbox);
    struct mime_mail mail = {
        .from = {from.name, from.mailbox},
        .to = {in->client != NULL ? in->client->name : NULL, in->to},
        .reply_to = in->reply_to != NULL ? reply.mailbox : NULL,
        .subject = p->subject,
        .text = p->text,
        .date_ms = in->now_ms,
        .offset_s = zone_offset_s(s->business.calendar.zone, in->now_ms),
        .message_id = id,
        .unsubscribe_mailbox = leave ? mailbox : NULL,
        .language = p->language,
    };
    buf_clear(&p->data);
    return mime_build(&mail, &p->data, err);
}

/* --- the row --- */

static int add_row(struct store *s, const struct written *w, int64_t now_ms, int64_t *message_id)
{
    const struct hand_row row = {
        .rule = written_rule_name(w->purpose),
        .purpose = w->purpose,
        .channel = w->channel,
        .now_ms = now_ms,
        .expires_ms = now_ms + USEFUL_MS,
    };

    return store_hand_add_client(s, &row, w->client_id, message_id);
}

int written_add(struct store *s, const struct written *w, const char *text, const char *language,
                int64_t now_ms, int64_t *message_id)
{
    char token[TOKEN_BITS / 4 + 1];
    int rc = add_row(s, w, now_ms, message_id);

    rng_hex(token, TOKEN_BITS);
    struct payload p = {
        .token = token,
        .language = (char *)language,
        .subject = w->channel == CHANNEL_EMAIL ? (char *)w->subject : NULL,
        .text = (char *)text,
    };
    return rc == 0 ? store_payload_save(s, *message_id, &p) : rc;
}

/* --- asking --- */

/* No rule of a playbook has a say. */
static int load_world(struct store *s, const struct settings *settings, int64_t now_ms,
                      struct world *out)
{
    static const struct playbook none;

    return world_load(out, s, settings, &none, now_ms, false);
}

int written_channel(struct store *s, const struct settings *settings, int64_t client_id,
                    enum purpose p, enum channel *out, char *reason)
{
    const struct rule preferred = {.by = BY_PREFERRED, .purpose = p};
    enum channel channels[2];
    struct client client = {0};
    struct contact contact;
    struct world world;
    int rc = load_world(s, settings, 0, &world);

    reason[0] = '\0';
    if (rc != 0)
        return rc;
    rc = store_client(s, client_id, &client);
    if (rc == 0)
        rc = contact_of_client(&world, &client, true, &contact);
    if (rc == 0 &&
        plan_channels(&preferred, &settings->business, &contact.plan, channels, reason) > 0)
        *out = channels[0];
    client_close(&client);
    world_close(&world);
    return rc;
}

/* Where it waits, look again at the time until which it does. */
static int ask_gate(struct world *w, const struct message *m, int64_t now_ms,
                    struct written_answer *out)
{
    struct gate_decision d;
    struct letter l;
    int rc = letter_load(w, m, now_ms, &l);

    *out = (struct written_answer){.fate = WRITTEN_GOES};
    for (int i = 0; rc == 0 && i < LOOKS_MAX; i++) {
        gate_decide(w, NULL, m, &l, out->at_ms != 0 ? out->at_ms : now_ms, &d);
        if (d.answer == GATE_GO)
            break;
        bool waits = d.answer == GATE_WAIT;
        if (out->reason[0] == '\0' || !waits) /* the first reason to wait, the one never to go */
            snprintf(out->reason, sizeof(out->reason), "%s", d.reason);
        out->fate = waits ? WRITTEN_WAITS : WRITTEN_NEVER;
        if (!waits)
            break;
        out->at_ms = d.next_ms;
    }
    letter_close(&l);
    return rc;
}

int written_ask(struct store *s, const struct settings *settings, const struct written *w,
                int64_t now_ms, struct written_answer *out)
{
    struct world world = {0};
    struct message m = {0};
    int64_t id;
    int rc = store_begin(s);

    if (rc != 0)
        return rc;
    rc = add_row(s, w, now_ms, &id);
    if (rc == 0)
        rc = store_message(s, id, &m);
    if (rc == 0)
        rc = load_world(s, settings, now_ms, &world);
    if (rc == 0) {
        rc = ask_gate(&world, &m, now_ms, out);
        world_close(&world);
    }
    message_close(&m);
    store_rollback(s);
    return rc;
}
