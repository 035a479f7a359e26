/* [calendar NAME]: what it can say, and what makes no sense. */
#include "common.h"

#define BUSINESS "[business]\nname = Garage\ntimezone = Europe/Riga\n"

static struct settings *parse(const char *text, struct problems *problems)
{
    char *whole = mem_printf(BUSINESS "%s", text);
    struct ini *ini = ini_parse("b", whole, strlen(whole), problems);
    struct settings *s = settings_parse("/nowhere", ini, false, problems);

    ini_free(ini);
    free(whole);
    return s;
}

/* The text comes after BUSINESS: its first line is line 4. */
static void assert_wrong(const char *text, const char *expected)
{
    struct problems problems = {0};

    assert_null(parse(text, &problems));
    assert_said(&problems, expected);
}

static struct settings *good(const char *text)
{
    struct problems problems = {0};
    struct settings *s = parse(text, &problems);

    assert_said(&problems, "");
    assert_non_null(s);
    return s;
}

static void a_feed_has_its_defaults(void **state)
{
    struct settings *s = good("[calendar desk]\nurl = webcal://example.com/x.ics\n");
    const struct calendar_settings *c = settings_calendar(s, "desk");

    assert_int_equal(c->type, CALENDAR_FEED);
    assert_string_equal(c->url, "https://example.com/x.ics");
    assert_int_equal(c->interval_ms, 15 * 60 * 1000);
    assert_false(c->private_addresses);
    assert_false(c->ignore_unnamed);
    assert_null(c->zone);
    assert_null(c->user);
    assert_int_equal(c->patterns.count, 0);
    assert_null(settings_calendar(s, "other"));
    settings_free(s);
}

static void a_calendar_keeps_all_it_is_told(void **state)
{
    struct settings *s = good("[calendar desk]\nurl = https://example.com/x.ics?key=1\n"
                              "user = u\npassword = p\ninterval = 5 minutes\n"
                              "private-addresses = yes\ntimezone = Asia/Almaty\nunnamed = ignore\n"
                              "pattern = Phone: {phone}\n          Mail {email}\n\n"
                              "[calendar book]\ntype = file\npath = visits.ics\n");
    const struct calendar_settings *c = settings_calendar(s, "desk");

    assert_string_equal(c->user, "u");
    assert_string_equal(c->password, "p");
    assert_int_equal(c->interval_ms, 5 * 60 * 1000);
    assert_true(c->private_addresses);
    assert_string_equal(zone_name(c->zone), "Asia/Almaty");
    assert_true(c->ignore_unnamed);
    assert_int_equal(c->patterns.count, 2);
    assert_string_equal(c->patterns.items[0], "Phone: {phone}");
    assert_string_equal(c->patterns.items[1], "Mail {email}");
    c = settings_calendar(s, "book");
    assert_int_equal(c->type, CALENDAR_FILE);
    assert_string_equal(c->path, "/nowhere/visits.ics");
    settings_free(s);
}

static void a_caldav_calendar_says_which_and_whether_it_is_told(void **state)
{
    struct settings *s = good("[calendar desk]\ntype = caldav\nurl = https://example.com/\n"
                              "collection = Work\n");
    const struct calendar_settings *c = settings_calendar(s, "desk");

    assert_int_equal(c->type, CALENDAR_CALDAV);
    assert_string_equal(c->collection, "Work");
    assert_false(c->write_back);
    assert_false(settings_write_back(s));
    settings_free(s);
    s = good("[calendar feed]\nurl = https://example.com/x.ics\n[calendar desk]\ntype = caldav\n"
             "url = https://example.com/\nwrite-back = yes\n");
    assert_true(settings_calendar(s, "desk")->write_back);
    assert_true(settings_write_back(s));
    settings_free(s);
    assert_wrong(
        "[calendar desk]\nurl = https://example.com/x.ics\nwrite-back = yes\n",
        "b:6: `write-back` is no key of a `[calendar]` section with type = feed; write `type`, "
        "`url`, `user`, `password-file`, `password`, `ca-file`, `private-addresses`, "
        "`interval`, `pattern`, `timezone` or `unnamed`");
}

static void another_way_of_reading_it_is_another_fingerprint(void **state)
{
    static const char *const others[] = {"", "timezone = Asia/Almaty\n", "unnamed = ignore\n",
                                         "pattern = Phone: {phone}\n", "pattern = Tel: {phone}\n"};
    uint64_t seen[5];

    for (size_t i = 0; i < 5; i++) {
        char *text = mem_printf("[calendar desk]\nurl = https://example.com/x.ics\n%s", others[i]);
        struct settings *s = good(text);
        struct calendar_settings copy;
        calendar_settings_copy(&copy, &s->calendars[0]);
        seen[i] = calendar_settings_digest(&copy);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(seen[i], seen[k]);
        calendar_settings_close(&copy);
        settings_free(s);
        free(text);
    }
}

static void what_makes_no_sense_is_refused_with_what_would_be_right(void **state)
{
    assert_wrong("[calendar]\nurl = https://example.com/x.ics\n",
                 "b:4: a calendar needs a name of a-z, 0-9, _ and -: `[calendar desk]`");
    assert_wrong("[calendar import]\nurl = https://example.com/x.ics\n",
                 "b:4: `import` is the name for single files; give the calendar another one");
    assert_wrong("[calendar a]\ninterval = 10 seconds\n",
                 "b:4: `[calendar a]` needs `url = ...`: where it is\n"
                 "b:5: `interval`: `10 seconds` is out of range; write 1 minute to 1 day");
    assert_wrong("[calendar a]\ntype = file\nurl = https://example.com/x.ics\n",
                 "b:4: `[calendar a]` needs `path = ...`: the .ics file; read again whenever it "
                 "has changed\n"
                 "b:6: `url` is no key of a `[calendar]` section with type = file; write `type`, "
                 "`path`, `interval`, `pattern`, `timezone` or `unnamed`");
    assert_wrong("[calendar a]\ntype = feet\nurl = https://example.com/x.ics\n",
                 "b:5: `type`: `feet` is not known here; did you mean `feed`?");
    assert_wrong("[calendar a]\nurl = https://example.com/x.ics\npattern = {phone}\n  {name}\n",
                 "b:6: `pattern`: `{name}` has no placeholder; write {email}, {phone} or {ref} "
                 "where a client's stands, as in `Phone: {phone}`");
    assert_wrong("[calendar a]\nurl = https://example.com/x.ics\nuser = u\n",
                 "b:4: `[calendar a]`: there is a `user`, but no `password-file` (or `password`) "
                 "to log in with");
}

static void a_link_is_a_secret_and_not_repeated(void **state)
{
    assert_wrong("[calendar a]\nurl = ftp://example.com/sesame.ics\n",
                 "b:5: `url`: this is no address of a calendar; begin it with one of these: "
                 "`https://` or `http://`");
}

static void a_password_goes_over_https_only(void **state)
{
    struct problems problems = {0};

    assert_wrong("[calendar a]\nurl = http://example.com/x.ics\nuser = u\npassword = p\n",
                 "b:5: a password goes over `https://` only; over `http://` all could read it");
    settings_free(parse("[calendar a]\nurl = http://example.com/x.ics\n", &problems));
    assert_said(&problems, "b:5: warning: over `http://` the calendar is there for all to read and "
                           "to change on its way; write `https://`");
    settings_free(good("[calendar a]\nurl = http://127.0.0.1/x.ics\nuser = u\npassword = p\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_feed_has_its_defaults),
        cmocka_unit_test(a_calendar_keeps_all_it_is_told),
        cmocka_unit_test(a_caldav_calendar_says_which_and_whether_it_is_told),
        cmocka_unit_test(another_way_of_reading_it_is_another_fingerprint),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_what_would_be_right),
        cmocka_unit_test(a_link_is_a_secret_and_not_repeated),
        cmocka_unit_test(a_password_goes_over_https_only),
    };

    return cmocka_run_group_tests_name("playbook/calendars", tests, NULL, NULL);
}
