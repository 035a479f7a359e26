/*
 * Any bytes as an address, a sender, a phone number and a text message: refused with a sentence, or
 * fit to be sent: of one line, plain ASCII, and the same when it is read again.
 */
#include <assert.h>

#include "fuzz.h"
#include "text/address.h"
#include "text/phone_memo.h"
#include "text/sms.h"

static void check_plain(const char *s)
{
    assert(s[0] != '\0');
    for (; *s != '\0'; s++)
        assert(*s > ' ' && *s < 0x7f && strchr("<>,;\"\\()", *s) == NULL);
}

static void check_address(const char *text)
{
    char out[ADDRESS_MAX], again[ADDRESS_MAX];
    struct err err = {""};
    int rc = address_check(text, out, &err);

    assert((rc == 0) == (err.text[0] == '\0') && (rc == 0) == (out[0] != '\0'));
    if (rc != 0)
        return;
    check_plain(out);
    assert(address_check(out, again, &err) == 0 && strcmp(out, again) == 0);
}

static void check_mailbox(const char *text)
{
    struct address a;
    struct err err = {""};
    int rc = address_parse(text, &a, &err);

    assert((rc == 0) == (err.text[0] == '\0') && (rc == 0) == (a.mailbox[0] != '\0'));
    if (rc == 0) {
        check_plain(a.mailbox);
        assert(str_one_line(a.name, strlen(a.name)));
    }
}

static void check_phone(const char *text)
{
    struct phone_memo *memo = NULL;
    char out[PHONE_MAX], again[PHONE_MAX];
    struct err err = {""};
    int rc = phone_e164(text, "LV", out, &err);

    assert((rc == 0) == (err.text[0] == '\0') && (rc == 0) == (out[0] != '\0'));
    assert(phone_memo_e164(&memo, text, "LV", again, NULL) == rc && strcmp(out, again) == 0);
    assert(phone_memo_e164(&memo, text, "LV", again, NULL) == rc && strcmp(out, again) == 0);
    free(memo);
    if (rc != 0)
        return;
    assert(out[0] == '+' && strspn(out + 1, "0123456789") == strlen(out) - 1);
    assert(phone_e164(out, NULL, again, &err) == 0 && strcmp(out, again) == 0);
}

static void check_text(const char *text, size_t len)
{
    struct sms_size size = {0};
    struct sms_outsider outsider;
    struct err err = {""};
    int rc = sms_measure(text, len, &size, &err);

    assert((rc == 0) == (err.text[0] == '\0'));
    if (rc == 0) {
        assert(size.segments <= SMS_SEGMENTS_MAX && (size.segments > 0) == (size.units > 0));
        assert(sms_first_outsider(text, len, &outsider) == size.unicode);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parts p = parts_of(data, size, 1);
    char out[ADDRESS_DOMAIN_MAX];
    struct err err = {""};

    check_address(p.text[0]);
    check_mailbox(p.text[0]);
    check_phone(p.text[0]);
    check_text(p.text[0], p.len[0]);
    address_domain(p.text[0], out, &err);
    address_sender(p.text[0], out, &err);
    parts_close(&p);
    return 0;
}
