/* text/mime: read by Python's own e-mail parser (mime_check.py), what went into a mail comes out.
 */
#include "mime_common.h"

#include "base/rng.h"
#include "base/str.h"

static FILE *checker_open(const char *redirect)
{
    char command[1024];
    int folder = (int)(strrchr(__FILE__, '/') - __FILE__);

    snprintf(command, sizeof(command), "/usr/bin/python3 -B %.*s/mime_check.py >/dev/null %s",
             folder, __FILE__, redirect);
    fflush(NULL);
    FILE *f = popen(command, "w");
    assert_non_null(f);
    return f;
}

static void tell(FILE *f, const char *key, const char *value)
{
    if (value == NULL)
        return;
    fprintf(f, "%s ", key);
    for (; *value != '\0'; value++)
        fprintf(f, "%02x", (unsigned char)*value);
    fputc('\n', f);
}

/* Hand a built mail to the checker with everything that it is to find there. */
static void tell_mail(FILE *f, const struct mime_mail *m)
{
    char *mail = build(m);

    tell(f, "mail", mail);
    tell(f, "subject", m->subject);
    tell(f, "from_name", m->from.name);
    tell(f, "from", m->from.mailbox);
    tell(f, "to_name", m->to.name);
    tell(f, "to", m->to.mailbox);
    tell(f, "text", m->text);
    tell(f, "html", m->html);
    tell(f, "calendar", m->extra != NULL ? m->extra->body : NULL);
    tell(f, "language", m->language);
    tell(f, "message_id", m->message_id);
    fputs("end\n", f);
    free(mail);
}

static const char *const samples[] = {
    "Your car is ready",
    "Jūsu automašīna ir gatava, Bērziņ! Šodien līdz 18:00",
    "خودروی شما آماده است؛ امروز تا ساعت ۱۸ منتظر شما هستیم",
    "Көлігіңіз дайын. Бүгін сағат 18:00-ге дейін алып кетуіңізге болады",
    "🎉🚗 ready 👩‍🔧",
    "Smith, \"Bob\" \\ Sons; <boss@example.net> (the elder): [x]",
    "=?UTF-8?Q?not_an_encoded_word?=",
    "a  b   c",
    "'=' ?= =? _ under_score",
    "one-word-that-is-far-too-long-for-a-line-and-has-no-place-where-it-could-be-folded-at-all-"
    "0123",
    "A subject of plain words that goes on and on past the end of its line, and then on some more, "
    "so that it has to be folded at one of its spaces, twice at the least, and come out unchanged.",
    ".",
    "From here to there",
};
#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void tell_samples(FILE *f)
{
    struct mime_part invitation = {"text/calendar; method=REQUEST",
                                   "BEGIN:VCALENDAR\r\nSUMMARY:Жөндеу\r\nEND:VCALENDAR\r\n", NULL};

    for (size_t i = 0; i < SAMPLES; i++) {
        struct mime_mail m = plain;
        m.boundary = NULL;
        m.subject = m.text = samples[i];
        m.from.name = samples[(i + 1) % SAMPLES];
        m.to.name = samples[(i + 2) % SAMPLES];
        tell_mail(f, &m);
        m.html = samples[(i + 3) % SAMPLES];
        m.language = "fa";
        tell_mail(f, &m);
        m.extra = &invitation;
        invitation.filename = i % 2 == 0 ? "invite.ics" : NULL;
        m.unsubscribe_url = "https://example.com/u/0123456789abcdef";
        m.unsubscribe_mailbox = "stop@example.com";
        m.auto_submitted = "auto-generated";
        tell_mail(f, &m);
    }
}

/* `count` times `s`. */
static char *repeat(const char *s, size_t count)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < count; i++)
        buf_puts(&b, s);
    return buf_steal(&b);
}

/* Subjects, names and bodies around each length at which a line is full. */
static void tell_lengths(FILE *f)
{
    static const char *const units[] = {"x", "\"", "ж", "漢", "😀", "ab ", "é b", "=.", "\t", "Fr."};

    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        for (size_t n = 1; n <= 500; n += n < 90 ? 1 : n < 230 ? 7 : 270) {
            char *s = repeat(units[u], n);
            char *name = repeat(units[u], n < 100 ? n : 100);
            struct mime_mail m = plain;
            m.text = s;
            /* Python cuts white space off the end of a plain header, and a tab is refused in one;
             * names are compared with their own last word */
            char *line = mem_printf("%s.", strchr(s, '\t') != NULL ? "no tab" : s);
            char *called = mem_printf("%s.", strchr(s, '\t') != NULL ? "no tab" : name);
            m.subject = line;
            m.to.name = called;
            tell_mail(f, &m);
            free(line);
            free(called);
            free(name);
            free(s);
        }
    }
}

/* Random text, every byte of ASCII and some characters of every length, seeded. */
static void tell_random(FILE *f)
{
    rng_seed(20261208);
    for (int i = 0; i < 300; i++) {
        struct buf text;
        struct mime_mail m = plain;
        uint64_t ascii = rng_below(100);
        buf_init(&text);
        for (uint64_t n = rng_below(700); n > 0; n--) {
            static const uint32_t others[] = {0xe9, 0x436, 0x6a9, 0x20ac, 0x6f22, 0x1f600};
            uint32_t cp =
                rng_below(100) < ascii ? 1 + (uint32_t)rng_below(127) : others[rng_below(6)];
            char utf8[4];
            buf_append(&text, utf8, str_utf8_put(utf8, cp));
        }
        m.text = text.data;
        tell_mail(f, &m);
        buf_close(&text);
    }
}

static void pythons_parser_reads_what_was_written(void **state)
{
    FILE *f = checker_open("");

    tell_samples(f);
    tell_lengths(f);
    tell_random(f);
    assert_int_equal(pclose(f), 0);
}

/* The checker itself must see what is wrong, or the test above shows nothing. */
static void checker_refuses(const char *mail, const char *key, const char *value)
{
    FILE *f = checker_open("2>/dev/null");

    tell(f, "mail", mail);
    tell(f, key, value);
    fputs("end\n", f);
    if (pclose(f) == 0)
        fail_msg("the checker took: %s", mail);
}

static void the_checker_sees_what_is_wrong(void **state)
{
    struct mime_mail m = plain;
    char *good = build(&m);
    char *bare = mem_printf("%sa\nb\r\n", good);
    char *dot = mem_printf("%s.\r\n", good);
    char *half = mem_printf("Subject: =?UTF-8?Q?=C5?=\r\n%s", good);
    char *bcc = mem_printf("Bcc: x@example.net\r\n%s", good);

    m.html = "<p>x</p>";
    char *open = build(&m);
    open[strlen(open) - 4] = '\0'; /* without "--" of the last boundary */
    char *unclosed = mem_printf("%s\r\n", open);

    checker_refuses(good, "subject", "Your car is gone");
    checker_refuses(good, "text", "Hello");
    checker_refuses(good, "to_name", "Bob");
    checker_refuses(bare, "only_bytes", "");
    checker_refuses(dot, "only_bytes", "");
    checker_refuses(half, "only_bytes", "");
    checker_refuses(bcc, "to_name", "Anna");
    checker_refuses(unclosed, "to_name", "Anna");
    free(good);
    free(bare);
    free(dot);
    free(half);
    free(bcc);
    free(open);
    free(unclosed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pythons_parser_reads_what_was_written),
        cmocka_unit_test(the_checker_sees_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
