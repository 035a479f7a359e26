/*
 * ical/edit: what is written into somebody else's calendar object, and that nothing else of it is
 * another afterwards, to the byte and to our own reader.
 */
#include "harness.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "ical/edit.h"

#define NOW_MS INT64_C(1796034600000) /* 2026-11-30T10:30:00Z */

static struct ical_edit ask(const char *recurrence, bool cancelled, const char *attendee)
{
    return (struct ical_edit){.uid = "1",
                              .recurrence = recurrence,
                              .cancelled = cancelled,
                              .attendee = attendee,
                              .now_ms = NOW_MS};
}

/* Edit bytes: the text afterwards, or NULL when there is nothing to change; free() it. */
static char *edit_bytes(const char *bytes, size_t len, const struct ical_edit *e)
{
    struct err err = {""};
    struct buf out;
    bool changed;

    buf_init(&out);
    if (ical_edit(bytes, len, e, &out, &changed, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(changed, out.len > 0);
    char *text = changed ? buf_steal(&out) : NULL;
    buf_close(&out);
    return text;
}

/* Lines in, lines out; both end with "\n" here and with CRLF for the editor. */
static void edited(const char *before, const struct ical_edit *e, const char *after)
{
    struct buf in, expected;

    buf_init(&in);
    buf_init(&expected);
    make_calendar(&in, before);
    make_calendar(&expected, after);
    char *got = edit_bytes(in.data, in.len, e);
    assert_non_null(got);
    assert_string_equal(got, expected.data);
    assert_null(edit_bytes(got, strlen(got), e)); /* and a second time there is nothing to do */
    free(got);
    buf_close(&in);
    buf_close(&expected);
}

static void refused(const char *before, const struct ical_edit *e, int rc, const char *words)
{
    struct err err = {""};
    struct buf in, out;
    bool changed;

    buf_init(&in);
    buf_init(&out);
    make_calendar(&in, before);
    int got = ical_edit(in.data, in.len, e, &out, &changed, &err);
    if (got != rc || strstr(err.text, words) == NULL)
        fail_msg("%d %s", got, err.text);
    assert_int_equal(out.len, 0);
    assert_false(changed);
    buf_close(&in);
    buf_close(&out);
}

#define BEGIN "BEGIN:VEVENT\nUID:1\n"
#define END "END:VEVENT\n"
#define STAMP "DTSTAMP:20261101T080000Z\n"
#define NOW "DTSTAMP:20261130T103000Z\n"
#define MODIFIED "LAST-MODIFIED:20261130T103000Z\n"

static void a_visit_is_confirmed_and_all_else_stays(void **state)
{
    struct ical_edit e = ask("", false, "anna@example.com");

    edited(BEGIN
           "DTSTART:20261208T090000Z\nDURATION:PT1H\n" STAMP
           "SUMMARY;X-A=\"b:c;d\":Oil\\, filter\n  and more of it\nSTATUS:TENTATIVE\n"
           "X-OWN:kept as it \t is\n"
           "ATTENDEE;CN=\"Doe; Anna\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Anna@Example.com\n"
           "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:other@example.com\nSEQUENCE:4\n"
           "LAST-MODIFIED:20261101T080000Z\n"
           "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nSTATUS:odd\nEND:VALARM\n" END,
           &e,
           BEGIN "DTSTART:20261208T090000Z\nDURATION:PT1H\n" NOW
                 "SUMMARY;X-A=\"b:c;d\":Oil\\, filter\n  and more of it\nSTATUS:CONFIRMED\n"
                 "X-OWN:kept as it \t is\n"
                 "ATTENDEE;CN=\"Doe; Anna\";RSVP=TRUE;PARTSTAT=ACCEPTED:mailto:Anna@Example.com\n"
                 "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:other@example.com\nSEQUENCE:5\n" MODIFIED
                 "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nSTATUS:odd\nEND:VALARM\n" END);
}

static void what_was_not_there_is_added(void **state)
{
    struct ical_edit e = ask("", true, NULL);

    edited(BEGIN STAMP "DTSTART:20261208T090000Z\n" END, &e,
           "BEGIN:VEVENT\nSTATUS:CANCELLED\nSEQUENCE:1\n" MODIFIED "UID:1\n" NOW
           "DTSTART:20261208T090000Z\n" END);
    /* the first property of all is another, and something is added in front of it */
    edited("BEGIN:VEVENT\n" STAMP "UID:1\nDTSTART:20261208T090000Z\n" END, &e,
           "BEGIN:VEVENT\nSTATUS:CANCELLED\nSEQUENCE:1\n" MODIFIED NOW
           "UID:1\nDTSTART:20261208T090000Z\n" END);
}

/* RFC 5546, 2.1.4: an answer alone is no new version. */
static void an_answer_alone_raises_no_sequence(void **state)
{
    struct ical_edit e = ask("", false, "anna@example.com");

    edited(BEGIN STAMP "DTSTART:20261208T090000Z\nSTATUS:confirmed\nSEQUENCE:4\n"
                       "ATTENDEE:MAILTO:anna@example.com\nLAST-MODIFIED:20261101T080000Z\n" END,
           &e,
           BEGIN NOW "DTSTART:20261208T090000Z\nSTATUS:confirmed\nSEQUENCE:4\n"
                     "ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:anna@example.com\n" MODIFIED END);
    e = ask("", true, "anna@example.com");
    edited(BEGIN STAMP "DTSTART:20261208T090000Z\nSTATUS:CANCELLED\nLAST-MODIFIED:x\n"
                       "ATTENDEE;EMAIL=anna@example.com;PARTSTAT=ACCEPTED:urn:uuid:12\n" END,
           &e,
           BEGIN NOW "DTSTART:20261208T090000Z\nSTATUS:CANCELLED\n" MODIFIED
                     "ATTENDEE;EMAIL=anna@example.com;PARTSTAT=DECLINED:urn:uuid:12\n" END);
}

#define SERIES                                                                                     \
    BEGIN "DTSTART;TZID=Europe/Riga:20261020T090000\nDTEND;TZID=Europe/Riga:20261020T100000\n"     \
          "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Riga:20261103T090000\n" STAMP             \
          "SUMMARY:Physio\nSEQUENCE:2\nBEGIN:VALARM\nTRIGGER:-PT1H\nEND:VALARM\n" END

/* 27 October: the clocks have gone back, and 09:00 is another instant than before. */
static void one_time_of_a_series_gets_an_event_of_its_own(void **state)
{
    struct ical_edit e = ask("2026-10-27T07:00:00Z", false, NULL);

    edited(SERIES, &e,
           SERIES "BEGIN:VEVENT\nSTATUS:CONFIRMED\n" MODIFIED
                  "RECURRENCE-ID;TZID=Europe/Riga:20261027T090000\nUID:1\n"
                  "DTSTART;TZID=Europe/Riga:20261027T090000\n"
                  "DTEND;TZID=Europe/Riga:20261027T100000\n" NOW
                  "SUMMARY:Physio\nSEQUENCE:3\nBEGIN:VALARM\nTRIGGER:-PT1H\nEND:VALARM\n" END);
    e = ask("2026-12-10", true, NULL);
    edited(BEGIN
           "DTSTART;VALUE=DATE:20261208\nDTEND;VALUE=DATE:20261210\nRRULE:FREQ=DAILY\n" STAMP END,
           &e,
           BEGIN
           "DTSTART;VALUE=DATE:20261208\nDTEND;VALUE=DATE:20261210\nRRULE:FREQ=DAILY\n" STAMP END
           "BEGIN:VEVENT\nSTATUS:CANCELLED\nSEQUENCE:1\n" MODIFIED
           "RECURRENCE-ID;VALUE=DATE:20261210\nUID:1\nDTSTART;VALUE=DATE:20261210\n"
           "DTEND;VALUE=DATE:20261212\n" NOW END);
}

static void one_that_has_an_event_of_its_own_keeps_it(void **state)
{
    struct ical_edit e = ask("2026-10-27T07:00:00Z", true, NULL);

    edited(SERIES BEGIN "RECURRENCE-ID:20261027T070000Z\nDTSTART:20261130T100000Z\n" STAMP
                        "SEQUENCE:7\nSTATUS:CONFIRMED\nLAST-MODIFIED:x\n" END,
           &e,
           SERIES BEGIN "RECURRENCE-ID:20261027T070000Z\nDTSTART:20261130T100000Z\n" NOW
                        "SEQUENCE:8\nSTATUS:CANCELLED\n" MODIFIED END);
}

static void what_is_not_there_any_more_is_told(void **state)
{
    struct ical_edit excluded = ask("2026-11-03T07:00:00Z", true, NULL);
    struct ical_edit other = ask("2026-10-27T08:00:00Z", true, NULL);
    struct ical_edit whole = ask("", true, NULL);
    struct ical_edit single = ask("2026-10-27T07:00:00Z", true, NULL);
    struct ical_edit unknown = whole;

    refused(SERIES, &excluded, ERR_NOTFOUND, "at other times");
    refused(SERIES, &other, ERR_NOTFOUND, "at other times");
    refused(SERIES, &whole, ERR_NOTFOUND, "at other times"); /* a series: which one? */
    refused(BEGIN "DTSTART:20261027T070000Z\n" END, &single, ERR_NOTFOUND, "at other times");
    unknown.uid = "2";
    refused(SERIES, &unknown, ERR_NOTFOUND, "not in it");
    refused("BEGIN:VTODO\nUID:1\nEND:VTODO\n", &whole, ERR_NOTFOUND, "not in it");
}

static void what_was_cancelled_there_is_not_confirmed_unseen(void **state)
{
    struct ical_edit e = ask("", false, NULL);

    refused(BEGIN "DTSTART:20261208T090000Z\nSTATUS:CANCELLED\n" END, &e, ERR_EXISTS,
            "was cancelled there in the meantime");
    e.known_cancelled = true;
    edited(
        BEGIN STAMP "DTSTART:20261208T090000Z\nSTATUS:CANCELLED\nLAST-MODIFIED:x\nSEQUENCE:1\n" END,
        &e, BEGIN NOW "DTSTART:20261208T090000Z\nSTATUS:CONFIRMED\n" MODIFIED "SEQUENCE:2\n" END);
}

static void what_is_no_object_is_refused(void **state)
{
    static const char two[] = "BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n";
    static const char *const bad[] = {"", "hello", "BEGIN:VCALENDAR\n", two,
                                      "BEGIN:VCALENDAR\nX:\xff\nEND:VCALENDAR\n"};
    struct ical_edit e = ask("", true, NULL);
    struct buf out;
    bool changed;

    buf_init(&out);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct err err = {""};
        assert_int_equal(ical_edit(bad[i], strlen(bad[i]), &e, &out, &changed, &err), ERR_INVALID);
        assert_true(err.text[0] != '\0');
    }
    char *large = mem_zalloc(ICAL_EDIT_BYTES_MAX + 1);
    assert_int_equal(ical_edit(large, ICAL_EDIT_BYTES_MAX + 1, &e, &out, &changed, NULL),
                     ERR_LIMIT);
    free(large);
    e.uid = "\xff";
    assert_int_equal(ical_edit(two, strlen(two), &e, &out, &changed, NULL), ERR_INVALID);
    assert_int_equal(out.len, 0);
    buf_close(&out);
}

static void line_ends_stay_as_they_are(void **state)
{
    static const char bare[] = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261208T090000Z\n"
                               "END:VEVENT\nEND:VCALENDAR";
    struct ical_edit e = ask("", true, NULL);
    char *got = edit_bytes(bare, strlen(bare), &e);

    assert_null(strchr(got, '\r'));
    assert_true(str_ends(got, "\nDTSTART:20261208T090000Z\nEND:VEVENT\nEND:VCALENDAR"));
    free(got);
}

/* ---- on calendars of the wild */

/* An occurrence as the editor asks for it. */
static const char *key_of(const json_t *occurrence)
{
    const json_t *id = json_object_get(occurrence, "recurrence_id");
    const char *key = text_of(id, "instant");

    if (key == NULL)
        key = text_of(id, "local");
    if (key == NULL)
        key = text_of(id, "date");
    return key != NULL ? key : "";
}

static bool is_cancelled(const json_t *occurrence)
{
    const char *status = text_of(occurrence, "status");

    return status != NULL && strcmp(status, "CANCELLED") == 0;
}

/* After `n` was cancelled: the same times of all events, and that one alone is another. */
static void assert_only_one_changed(const json_t *before, const json_t *after, size_t n)
{
    assert_int_equal(count_of(before, "occurrence"), count_of(after, "occurrence"));
    for (size_t i = 0; i < count_of(before, "occurrence"); i++) {
        const json_t *b = nth(before, "occurrence", i), *a = nth(after, "occurrence", i);
        static const char *const same[] = {"uid", "summary", "start", "end", "recurrence_id"};
        for (size_t k = 0; k < sizeof(same) / sizeof(*same); k++)
            assert_true(json_equal(json_object_get(a, same[k]), json_object_get(b, same[k])));
        assert_int_equal(is_cancelled(a), is_cancelled(b) || i == n);
    }
}

static void in_real_calendars_nothing_else_changes(void **state)
{
    static const char *const files[] = {"google", "outlook", "thunderbird"};
    int edits = 0;

    for (size_t f = 0; f < 3; f++) {
        char *path = mem_printf("tests/data/ical/%s.ics", files[f]);
        struct buf in;
        buf_init(&in);
        assert_int_equal(fs_read(path, 1 << 20, &in, NULL), 0);
        json_t *before = read_bytes(in.data, in.len, "2026-01-01", "2027-01-01");
        for (size_t i = 0; i < count_of(before, "occurrence"); i++) {
            const json_t *o = nth(before, "occurrence", i);
            struct ical_edit e = ask(key_of(o), true, NULL);
            e.uid = text_of(o, "uid");
            if (is_cancelled(o))
                continue;
            char *got = edit_bytes(in.data, in.len, &e);
            assert_non_null(got);
            json_t *after = read_bytes(got, strlen(got), "2026-01-01", "2027-01-01");
            assert_only_one_changed(before, after, i);
            json_decref(after);
            free(got);
            edits++;
        }
        json_decref(before);
        buf_close(&in);
        free(path);
    }
    print_message("           %d edits\n", edits);
    assert_true(edits > 3);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_visit_is_confirmed_and_all_else_stays),
        cmocka_unit_test(what_was_not_there_is_added),
        cmocka_unit_test(an_answer_alone_raises_no_sequence),
        cmocka_unit_test(one_time_of_a_series_gets_an_event_of_its_own),
        cmocka_unit_test(one_that_has_an_event_of_its_own_keeps_it),
        cmocka_unit_test(what_is_not_there_any_more_is_told),
        cmocka_unit_test(what_was_cancelled_there_is_not_confirmed_unseen),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(line_ends_stay_as_they_are),
        cmocka_unit_test(in_real_calendars_nothing_else_changes),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("ical/edit", tests, NULL, NULL);
}
