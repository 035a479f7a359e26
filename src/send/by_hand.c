/* Messages by hand. See send/by_hand.h. */
#include "send/by_hand.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "store/queries.h"
#include "text/address.h"
#include "text/mime.h"

#define TEST_EXPIRES_MS 60000

static int write_mail(const struct by_hand *h, struct payload *out, struct err *err)
{
    const struct business *b = &h->settings->business;
    struct address sender = {0};
    char id[MIME_ID_MAX];
    int rc = 0;

    if (h->gateway->from != NULL)
        rc = address_parse(h->gateway->from, &sender, err);
    else
        snprintf(sender.mailbox, sizeof(sender.mailbox), "%s",
                 b->email != NULL ? b->email : "betimes@localhost");
    if (rc == 0)
        rc = mime_message_id(id, out->token, strchr(sender.mailbox, '@') + 1, err);
    if (rc != 0)
        return rc;
    struct mime_mail mail = {
        .from = {sender.name, sender.mailbox},
        .to = {NULL, h->to},
        .subject = out->subject,
        .text = out->text,
        .date_ms = h->now_ms,
        .offset_s = zone_offset_s(b->calendar.zone, h->now_ms),
        .message_id = id,
        .auto_submitted = "auto-generated",
        .language = "en",
    };
    return mime_build(&mail, &out->data, err);
}

int by_hand_write(const struct by_hand *h, const char *token, struct payload *out, struct err *err)
{
    out->token = mem_strdup(token);
    out->language = mem_strdup("en");
    out->text = mem_strdup(h->text);
    if (h->channel == CHANNEL_SMS)
        return 0;
    out->subject = mem_strdup(h->subject);
    return write_mail(h, out, err);
}

int by_hand_test(struct store *s, const struct gateway_settings *gateway, enum channel channel,
                 const char *to, int64_t now_ms, const struct payload *words, int64_t *id)
{
    const struct hand_row row = {.rule = SEND_TEST_RULE,
                                 .purpose = PURPOSE_INTERNAL,
                                 .channel = channel,
                                 .now_ms = now_ms,
                                 .expires_ms = now_ms + TEST_EXPIRES_MS};
    int rc = store_hand_add(s, &row, gateway->name, to, id);

    return rc == 0 ? store_payload_save(s, *id, words) : rc;
}
