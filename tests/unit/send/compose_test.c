/* send/compose: the words of a message, in whose language and whose time, and the bytes of a mail.
 */
#include "../support/shop.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

struct written {
    struct payload payload;
    char reason[COMPOSE_REASON_MAX];
    struct sms_size size;
};

struct scene {
    struct shop *s;
    struct client client;
    struct appointment visit;
    struct job job;
    struct compose_input in;
};

static struct scene scene(const char *playbook)
{
    struct scene c = {.s = shop_open(playbook, "2026-12-01T09:00")};

    c.client = (struct client){.id = 1, .name = (char *)"Ilze"};
    c.visit = (struct appointment){
        .id = 1, .starts = (char *)"2026-12-08T15:00", .status = (char *)"booked"};
    c.in = (struct compose_input){.rule = &c.s->playbook->rules[0],
                                  .channel = CHANNEL_SMS,
                                  .from = "Riverside Garage <hello@example.com>",
                                  .to = "ilze@example.com",
                                  .token = TOKEN,
                                  .now_ms = shop_now_ms};
    return c;
}

#define RULE "[rule r]\non = appointment starts\nwhen = 1 day before\n"

static int write_it(struct scene *c, struct written *w)
{
    c->in.client = &c->client;
    c->in.appointment = &c->visit;
    shop_templates(c->s);
    return compose(c->s->settings, c->s->templates, &c->in, &w->payload, &w->size, w->reason);
}

static void assert_text(struct scene *c, const char *expected)
{
    struct written w;

    if (write_it(c, &w) != 0)
        fail_msg("%s", w.reason);
    assert_string_equal(w.payload.text, expected);
    payload_close(&w.payload);
}

static void assert_refused(struct scene *c, int code, const char *words)
{
    struct written w;

    assert_int_equal(write_it(c, &w), code);
    if (strstr(w.reason, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, w.reason);
    payload_close(&w.payload);
}

static void the_language_falls_back_to_the_houses_and_then_to_english(void **state)
{
    struct scene c = scene(RULE);

    shop_file(c.s, "templates/r/en.sms", "Hello {{client.name}}");
    shop_file(c.s, "templates/r/kk.sms", "Salem {{client.name}}");
    c.client.language = (char *)"kk-KZ";
    assert_text(&c, "Salem Ilze");
    c.client.language = (char *)"de";
    assert_text(&c, "Hello Ilze");
    c.client.language = NULL;
    assert_text(&c, "Hello Ilze");
    shop_close(c.s);
}

static void a_visit_is_told_in_the_time_of_its_place(void **state)
{
    struct scene c = scene(RULE);

    shop_file(c.s, "templates/r/en.sms", "{{appointment.starts | time}}");
    c.visit.starts = (char *)"2026-12-08T10:00Z";
    c.visit.timezone = (char *)"Asia/Almaty";
    c.client.timezone = (char *)"America/New_York"; /* where she reads it does not matter */
    assert_text(&c, "15:00"); /* not 16:00, as ICU's old zone data would have it */
    c.client.language = (char *)"lv";
    shop_file(c.s, "templates/r/lv.sms", "{{appointment.starts | time}}");
    shop_forget_templates(c.s);
    assert_text(&c, "15:00");
    shop_close(c.s);
}

static void a_call_is_told_in_the_time_of_the_client(void **state)
{
    static const char *const calls[] = {"https://meet.example.com/x", "tel:+37167000000",
                                        "+371 67 000 000", " SIP:desk@example.com"};
    static const char *const places[] = {"Brivibas iela 1", "+2 floor", "", "+", "mailto:x"};
    struct scene c = scene(RULE);
    struct staff owner = {.id = 1, .name = (char *)"Janis"};

    shop_file(c.s, "templates/r/en.sms",
              "{{appointment.starts | relative}} {{appointment.ends | time}} "
              "{{appointment.timezone}}");
    c.visit.starts = (char *)"2026-12-01T23:00";
    c.visit.ends = (char *)"2026-12-01T21:30Z";
    c.client.timezone = (char *)"Asia/Kathmandu"; /* +5:45, and Riga is +2 */
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        c.visit.location = (char *)calls[i];
        assert_text(&c, "tomorrow at 02:45 03:15 Asia/Kathmandu");
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        c.visit.location = (char *)places[i];
        assert_text(&c, "today at 23:00 23:30 Europe/Riga");
    }
    c.visit.location = (char *)calls[0];
    c.in.recipient = &owner;
    assert_text(&c, "today at 23:00 23:30 Europe/Riga");
    c.in.recipient = NULL;
    c.client.timezone = NULL;
    assert_text(&c, "today at 23:00 23:30 Europe/Riga");
    shop_close(c.s);
}

static void a_persian_reads_a_jalali_date_in_persian_digits(void **state)
{
    struct scene c = scene(RULE);

    shop_file(c.s, "templates/r/fa.sms", "{{appointment.starts | date}}");
    c.client.language = (char *)"fa";
    struct written w;
    assert_int_equal(write_it(&c, &w), 0);
    assert_non_null(strstr(w.payload.text, "۱۷")); /* 17 Azar 1405 */
    assert_non_null(strstr(w.payload.text, "آذر"));
    assert_null(strpbrk(w.payload.text, "0123456789"));
    assert_true(w.size.unicode);
    payload_close(&w.payload);
    shop_close(c.s);
}

static void a_value_is_never_expanded_again(void **state)
{
    struct scene c = scene(RULE);

    shop_file(c.s, "templates/r/en.sms", "Hello {{client.name}}");
    c.client.name = (char *)"{{business.name}} {{> x}}";
    assert_text(&c, "Hello {{business.name}} {{> x}}");
    shop_close(c.s);
}

static void what_is_missing_is_told_and_never_goes_out_blank(void **state)
{
    struct scene c = scene(RULE "require = appointment.location\n");

    shop_file(c.s, "templates/r/en.sms", "Hello {{client.name | required}}");
    assert_refused(&c, ERR_INVALID, "appointment.location has no value");
    c.visit.location = (char *)"  ";
    assert_refused(&c, ERR_INVALID, "appointment.location has no value");
    c.visit.location = (char *)"Hall 1";
    assert_text(&c, "Hello Ilze");
    c.client.name = NULL;
    assert_refused(&c, ERR_INVALID, "{{client.name}} has no value");
    c.in.channel = CHANNEL_EMAIL;
    assert_refused(&c, ERR_NOTFOUND, "there is no template r/en.email");
    shop_close(c.s);
}

static void an_empty_text_is_not_sent(void **state)
{
    struct scene c = scene(RULE);

    shop_file(c.s, "templates/r/en.sms", " {{client.tags}} \n");
    assert_refused(&c, ERR_INVALID, "empty");
    shop_close(c.s);
}

static bool has_line(const char *mail, const char *begins)
{
    size_t len = strlen(begins);

    if (strncmp(mail, begins, len) == 0)
        return true;
    for (const char *p = mail; (p = strstr(p, "\r\n")) != NULL; p += 2)
        if (strncmp(p + 2, begins, len) == 0)
            return true;
    return false;
}

static void a_mail_has_every_header_it_needs(void **state)
{
    struct scene c = scene(RULE "purpose = marketing\n");
    struct written w;

    shop_file(c.s, "templates/r/en.email",
              "Subject: Tomorrow, {{client.name}}\n\nWe see you *soon*. {{unsubscribe}}\n");
    c.in.channel = CHANNEL_EMAIL;
    if (write_it(&c, &w) != 0)
        fail_msg("%s", w.reason);
    const char *mail = w.payload.data.data;
    assert_true(has_line(mail, "Date: Tue, 01 Dec 2026 11:00:00 +0200") ||
                has_line(mail, "Date: Tue, 1 Dec 2026 11:00:00 +0200"));
    assert_true(has_line(mail, "Message-ID: <" TOKEN "@example.com>"));
    assert_true(has_line(mail, "List-Unsubscribe: <mailto:hello@example.com"));
    assert_true(has_line(mail, "Auto-Submitted: auto-generated"));
    assert_true(has_line(mail, "From: Riverside Garage <hello@example.com>"));
    assert_true(has_line(mail, "To: Ilze <ilze@example.com>"));
    assert_true(has_line(mail, "Subject: Tomorrow, Ilze"));
    assert_true(has_line(mail, "Content-Language: en"));
    assert_true(has_line(mail, "Content-Type: text/plain"));
    assert_true(has_line(mail, "Content-Type: text/html"));
    assert_string_equal(w.payload.subject, "Tomorrow, Ilze");
    for (const char *p = mail; (p = strchr(p, '\n')) != NULL; p++)
        assert_true(p > mail && p[-1] == '\r');
    assert_int_equal(strlen(mail), w.payload.data.len);
    payload_close(&w.payload);
    shop_close(c.s);
}

static void line_breaks_in_a_name_or_subject_never_make_a_header(void **state)
{
    struct scene c = scene(RULE);
    struct written w;

    shop_file(c.s, "templates/r/en.email", "Subject: For {{client.name}}\n\nHello.\n");
    c.in.channel = CHANNEL_EMAIL;
    c.client.name = (char *)"Ilze\r\nBcc: victim@example.com\r\n\r\nx";
    int rc = write_it(&c, &w);
    assert_int_equal(rc, ERR_INVALID); /* held, for a person to look at */
    assert_int_equal(w.payload.data.len, 0);
    assert_string_not_equal(w.reason, "");
    assert_null(strstr(w.reason, "victim")); /* and not repeated to whoever reads the reason */
    payload_close(&w.payload);
    shop_close(c.s);
}

static void a_preview_has_no_recipient_and_gives_the_page(void **state)
{
    struct scene c = scene(RULE);
    struct written w;

    shop_file(c.s, "templates/r/en.email", "Subject: Hi\n\nHello <b>*{{client.name}}*</b>\n");
    c.in.channel = CHANNEL_EMAIL;
    c.in.to = NULL;
    c.client.name = (char *)"<script>alert(1)</script>";
    assert_int_equal(write_it(&c, &w), 0);
    assert_null(strstr(w.payload.data.data, "<script>"));
    assert_non_null(strstr(w.payload.data.data, "&lt;script&gt;"));
    payload_close(&w.payload);
    shop_close(c.s);
}

static void fields_tags_and_amounts_reach_the_words(void **state)
{
    struct scene c = scene(SHOP_WORKFLOW "[rule r]\non = job enters Ready\n");

    c.job = (struct job){.id = 1,
                         .stage = (char *)"Ready",
                         .amount = (char *)"120.5",
                         .currency = (char *)"EUR",
                         .fields = (char *)"{\"plate\": \"AB-1234\", \"n\": 3}"};
    c.in.job = &c.job;
    shop_file(c.s, "templates/r/en.sms",
              "{{job.fields.plate}} {{job.fields.n}} {{job.amount | money}} {{job.fields.none}}.");
    assert_text(&c, "AB-1234 3 €120.50 .");
    shop_close(c.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_language_falls_back_to_the_houses_and_then_to_english),
        cmocka_unit_test(a_visit_is_told_in_the_time_of_its_place),
        cmocka_unit_test(a_call_is_told_in_the_time_of_the_client),
        cmocka_unit_test(a_persian_reads_a_jalali_date_in_persian_digits),
        cmocka_unit_test(a_value_is_never_expanded_again),
        cmocka_unit_test(what_is_missing_is_told_and_never_goes_out_blank),
        cmocka_unit_test(an_empty_text_is_not_sent),
        cmocka_unit_test(a_mail_has_every_header_it_needs),
        cmocka_unit_test(line_breaks_in_a_name_or_subject_never_make_a_header),
        cmocka_unit_test(a_preview_has_no_recipient_and_gives_the_page),
        cmocka_unit_test(fields_tags_and_amounts_reach_the_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
