/* gateway/report: signatures as the providers' own documents and libraries show them. What a whole
 * report does is in tests/system/test_reports.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/report.h"

#define TWILIO_SIGNATURE "RSOYDt4T1cUTdK1PDd93/VVr8B8="
#define OWN_SIGNATURE "3896683f0ec4a505640943d335579854e2094cad5fd2a6e24fbcf39c49baf2d0"

static const struct report_field form[] = {
    {"Digits", "1234"},         {"To", "+18005551212"},           {"From", "+14158675309"},
    {"Caller", "+14158675309"}, {"CallSid", "CA1234567890ABCDE"},
};

static struct report_request request(const struct report_field *headers, size_t count)
{
    return (struct report_request){.url = "https://mycompany.com/myapp.php?foo=1&bar=2",
                                   .form = form,
                                   .form_count = sizeof(form) / sizeof(form[0]),
                                   .headers = headers,
                                   .header_count = count};
}

/* The example of Twilio's documentation. */
static void twilios_own_example_is_signed(void **state)
{
    struct report_field header = {"x-twilio-signature", TWILIO_SIGNATURE};
    struct report_request r = request(&header, 1);

    assert_true(report_signed(REPORT_TWILIO, "12345", &r, NULL, 0, 0));
    assert_false(report_signed(REPORT_TWILIO, "12346", &r, NULL, 0, 0));
    r.form_count--;
    assert_false(report_signed(REPORT_TWILIO, "12345", &r, NULL, 0, 0));
}

static void what_has_no_signature_is_not_signed(void **state)
{
    struct report_request r = request(NULL, 0);

    for (int how = REPORT_TWILIO; how <= REPORT_HMAC; how++)
        assert_false(report_signed((enum report_signature)how, "12345", &r, form, 5, 0));
}

/* The body, its time and the secret: HMAC-SHA256 as any tool computes it. */
static void a_gateway_of_ones_own_signs_time_and_body(void **state)
{
    static const char body[] = "{\"status\": \"delivered\"}";
    struct report_field headers[] = {
        {"X-Timestamp", "1796000000"},
        {"X-Signature", OWN_SIGNATURE},
    };
    struct report_request r = {.headers = headers, .header_count = 2, .body = body, .len = 23};
    const int64_t at_ms = INT64_C(1796000000000);

    assert_true(report_signed(REPORT_HMAC, "secret", &r, NULL, 0, at_ms));
    assert_true(report_signed(REPORT_HMAC, "secret", &r, NULL, 0, at_ms + 300 * 1000));
    assert_false(report_signed(REPORT_HMAC, "secret", &r, NULL, 0, at_ms + 301 * 1000));
    assert_false(report_signed(REPORT_HMAC, "secret", &r, NULL, 0, at_ms - 61 * 1000));
    assert_false(report_signed(REPORT_HMAC, "other", &r, NULL, 0, at_ms));
    r.len--;
    assert_false(report_signed(REPORT_HMAC, "secret", &r, NULL, 0, at_ms));
    r.len++;
    r.query = form; /* which the signature does not cover */
    r.query_count = 1;
    assert_false(report_signed(REPORT_HMAC, "secret", &r, NULL, 0, at_ms));
    r.query_count = 0;
    headers[0].value = "1796000001";
    assert_false(report_signed(REPORT_HMAC, "secret", &r, NULL, 0, at_ms));
    r.header_count = 1;
    assert_false(report_signed(REPORT_HMAC, "secret", &r, NULL, 0, at_ms));
}

/* Tokens that are none must neither pass nor be read beyond their ends. */
static void broken_tokens_are_refused(void **state)
{
    static const char *const tokens[] = {"",     ".",           "..",       "a.b",        "a.b.c",
                                         "....", "e30.e30.e30", "e30.e30.", "%%%.%%%.%%%"};

    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        struct report_field header = {"MessageBird-Signature-JWT", tokens[i]};
        struct report_request r = request(&header, 1);
        assert_false(report_signed(REPORT_MESSAGEBIRD, "12345", &r, NULL, 0, 0));
    }
}

static void a_shortened_signature_is_none(void **state)
{
    char text[] = TWILIO_SIGNATURE;
    struct report_field header = {"X-Twilio-Signature", text};
    struct report_request r = request(&header, 1);

    for (size_t n = sizeof(text) - 1; n-- > 0;) {
        text[n] = '\0';
        assert_false(report_signed(REPORT_TWILIO, "12345", &r, NULL, 0, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twilios_own_example_is_signed),
        cmocka_unit_test(what_has_no_signature_is_not_signed),
        cmocka_unit_test(a_gateway_of_ones_own_signs_time_and_body),
        cmocka_unit_test(broken_tokens_are_refused),
        cmocka_unit_test(a_shortened_signature_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
