/*
 * ical/write: the exact bytes of feeds and invitations; and, read by python3-icalendar and vobject
 * (write_check.py) and by our own reader, that what went in comes out.
 */
#include "harness.h"

#include <sys/wait.h>

#include "ical/content.h"
#include "ical/definition.h"
#include "ical/line.h"
#include "ical/write.h"
#include "ical/write_zone.h"

#define HOUR_MS INT64_C(3600000)
#define NOON_MS INT64_C(1796720400000)   /* 2026-12-08T09:00:00Z */
#define SUMMER_MS INT64_C(1782896400000) /* 2026-07-01T09:00:00Z */

static struct ical_out_event visit(void)
{
    return (struct ical_out_event){
        .uid = "appointment-17@betimes.example.com",
        .sequence = 2,
        .summary = "Brake check",
        .start_ms = NOON_MS,
        .end_ms = NOON_MS + HOUR_MS,
        .zone = zone_get("Europe/Riga"),
        .organizer = {"Riverside Garage", "hello@example.com"},
        .attendee = {"Anna Ozola", "anna@example.org"},
    };
}

static void write_one(struct buf *out, enum ical_method method, const struct ical_out_event *e)
{
    struct ical_calendar calendar = {.method = method, .now_ms = NOON_MS - 24 * HOUR_MS};
    struct ical_writer w;

    buf_init(out);
    ical_write_begin(&w, out, &calendar);
    ical_write_event(&w, e);
    ical_write_end(&w);
}

/* ---- bytes ---- */

static void an_invitation_is_written_like_this(void **state)
{
    struct ical_out_event e = visit();
    struct buf out;

    e.zone = zone_utc();
    e.description = "We check:\nbrakes; tyres, lights\\lamps";
    write_one(&out, ICAL_REQUEST, &e);
    assert_string_equal(
        out.data,
        "BEGIN:VCALENDAR\r\n"
        "VERSION:2.0\r\n"
        "PRODID:-//Betimes//Betimes " BETIMES_VERSION "//EN\r\n"
        "CALSCALE:GREGORIAN\r\n"
        "METHOD:REQUEST\r\n"
        "BEGIN:VEVENT\r\n"
        "UID:appointment-17@betimes.example.com\r\n"
        "SEQUENCE:2\r\n"
        "DTSTAMP:20261207T090000Z\r\n"
        "DTSTART:20261208T090000Z\r\n"
        "DTEND:20261208T100000Z\r\n"
        "STATUS:CONFIRMED\r\n"
        "SUMMARY:Brake check\r\n"
        "DESCRIPTION:We check:\\nbrakes\\; tyres\\, lights\\\\lamps\r\n"
        "ORGANIZER;CN=\"Riverside Garage\":mailto:hello@example.com\r\n"
        "ATTENDEE;CN=\"Anna Ozola\";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NE\r\n"
        " EDS-ACTION;RSVP=TRUE:mailto:anna@example.org\r\n"
        "TRANSP:OPAQUE\r\n"
        "END:VEVENT\r\n"
        "END:VCALENDAR\r\n");
    buf_close(&out);
}

static void a_fold_comes_after_75_bytes_and_never_in_a_character(void **state)
{
    struct buf out;
    char text[400] = "";

    for (size_t width = 1; width <= 4; width++) {
        static const char *const letters[] = {"", "x", "\xc4\x81", "\xe2\x82\xac",
                                              "\xf0\x9f\x9a\x97"};
        text[0] = '\0';
        for (size_t i = 0; i < 90; i++)
            strcat(text, letters[width]);
        buf_init(&out);
        line_text(&out, "SUMMARY", text);
        char *rest = out.data, *line;
        while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
            size_t len = strlen(line) - 1; /* without the CR */
            assert_int_equal(line[len], '\r');
            assert_true(len <= 75);
            assert_true(rest == NULL || *rest == '\0' || len > 75 - width);
            assert_int_equal(str_utf8_valid(line, len), len);
        }
        buf_close(&out);
    }
    buf_init(&out);
    for (size_t i = 0; i < 75; i++)
        text[i] = 'x';
    line_fold(&out, text, 75);
    assert_int_equal(out.len, 77); /* exactly 75 need no fold */
    buf_close(&out);
}

static void no_value_can_write_a_line_of_its_own(void **state)
{
    struct ical_out_event e = visit();
    struct buf out;

    e.uid = "1\r\nSTATUS:CANCELLED";
    e.summary = "a\r\nATTENDEE:mailto:x@example.com\x01";
    e.url = "https://example.com/\r\nX-A:1";
    e.attendee.name = "A\"\r\nX-B:1;^";
    e.attendee.email = "a@example.org\r\nX-C:1";
    write_one(&out, ICAL_REQUEST, &e);
    assert_null(strstr(out.data, "\nSTATUS:CANCELLED"));
    assert_null(strstr(out.data, "\nATTENDEE:mailto:x"));
    assert_null(strstr(out.data, "\nX-A"));
    assert_null(strstr(out.data, "\nX-B"));
    assert_null(strstr(out.data, "\nX-C"));
    assert_null(strchr(out.data, '\x01'));
    assert_non_null(strstr(out.data, "CN=\"A^'^nX-B:1;^^\""));
    buf_close(&out);
}

static void a_feed_names_no_client(void **state)
{
    struct ical_out_event e = visit();
    struct buf out;

    write_one(&out, ICAL_PUBLISH, &e);
    assert_null(strstr(out.data, "anna@example.org"));
    assert_null(strstr(out.data, "ATTENDEE"));
    buf_close(&out);
}

/* Twice through the events, and what was written taken away in between. */
static void piece_by_piece_it_is_the_same_text(void **state)
{
    struct ical_calendar calendar = {.method = ICAL_PUBLISH, .name = "Visits"};
    struct ical_out_event events[3] = {visit(), visit(), visit()};
    struct ical_writer w;
    struct buf whole, piece, pieces;

    events[1].zone = zone_get("America/Toronto");
    events[2].start_ms += INT64_C(5) * 366 * 86400000;
    for (int i = 0; i < 3; i++)
        events[i].modified_ms = 1000000 * (i + 1);
    buf_init(&whole);
    ical_write_begin(&w, &whole, &calendar);
    for (int i = 0; i < 3; i++)
        ical_write_event(&w, &events[i]);
    ical_write_end(&w);
    assert_non_null(strstr(whole.data, "DTSTAMP:19700101T005000Z")); /* the third one's own */

    buf_init(&piece);
    buf_init(&pieces);
    ical_write_begin(&w, &piece, &calendar);
    for (int i = 0; i < 3; i++)
        ical_write_zone_of(&w, &events[i]);
    ical_write_zones(&w);
    for (int i = 0; i < 3; i++) {
        buf_append(&pieces, piece.data, piece.len);
        buf_clear(&piece);
        ical_write_event(&w, &events[i]);
        assert_true(piece.len > 0);
    }
    ical_write_end(&w);
    buf_append(&pieces, piece.data, piece.len);
    assert_string_equal(pieces.data, whole.data);
    buf_close(&whole);
    buf_close(&piece);
    buf_close(&pieces);
}

/* ---- zones ---- */

static void assert_zone_is_whole(const char *name, int from_year, int to_year)
{
    struct civil from = {.year = from_year, .month = 1, .day = 1},
                 to = {.year = to_year, .month = 1, .day = 1};
    int64_t from_s = civil_to_seconds(&from), to_s = civil_to_seconds(&to), budget = 10000000;
    const struct zone *zone = zone_get(name);
    struct trouble trouble = {0};
    struct content *c;
    struct buf out;

    buf_init(&out);
    buf_puts(&out, "BEGIN:VCALENDAR\r\n");
    write_zone(&out, zone, from_s * 1000, to_s * 1000);
    buf_puts(&out, "END:VCALENDAR\r\n");
    assert_int_equal(content_parse(out.data, out.len, &c, NULL), 0);
    struct definition *d = definition_create(c, 1, &budget, &trouble);
    assert_non_null(d);
    assert_int_equal(trouble.list.count, 0);
    for (int64_t s = from_s; s < to_s; s += 1800)
        if (definition_offset_at(d, s) != zone_offset_s(zone, s * 1000))
            fail_msg("%s at %lld\n%s", name, (long long)s, out.data);
    definition_free(d);
    content_free(c);
    buf_close(&out);
}

static void a_written_zone_shows_what_the_zone_shows(void **state)
{
    static const char *const names[] = {
        "Europe/Riga",       "America/New_York", "Asia/Almaty",  "Australia/Lord_Howe",
        "Africa/Casablanca", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu",
        "Europe/Dublin",     "America/Santiago", "Asia/Gaza",    "Africa/Cairo",
        "Antarctica/Troll",  "America/Asuncion", "Asia/Tehran",  "Pacific/Chatham",
        "America/Nuuk",      "Africa/El_Aaiun",  "Asia/Beirut",  "Europe/Chisinau",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_zone_is_whole(names[i], 2018, 2030);
        assert_zone_is_whole(names[i], 2026, 2037);
    }
}

static void changes_on_one_kind_of_day_are_a_rule(void **state)
{
    struct ical_out_event e = visit();
    struct buf out;

    write_one(&out, ICAL_REQUEST, &e);
    assert_non_null(strstr(out.data, "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"));
    assert_non_null(strstr(out.data, "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"));
    assert_true(strstr(out.data, "BEGIN:VTIMEZONE") < strstr(out.data, "BEGIN:VEVENT"));
    assert_null(strstr(out.data, "RDATE"));
    buf_close(&out);
}

static void a_zone_of_several_events_is_written_once(void **state)
{
    struct ical_calendar calendar = {
        .method = ICAL_PUBLISH, .name = "Garage", .refresh_minutes = 15, .now_ms = NOON_MS};
    struct ical_out_event e = visit();
    struct ical_writer w;
    struct buf out;

    buf_init(&out);
    ical_write_begin(&w, &out, &calendar);
    for (int i = 0; i < 3; i++) {
        char uid[16];
        snprintf(uid, sizeof(uid), "%d", i);
        e.uid = uid;
        e.start_ms = SUMMER_MS + i * 400 * 24 * HOUR_MS;
        e.end_ms = 0;
        ical_write_event(&w, &e);
    }
    ical_write_end(&w);
    const char *zone = strstr(out.data, "BEGIN:VTIMEZONE");
    assert_null(strstr(zone + 1, "BEGIN:VTIMEZONE"));
    json_t *all = read_bytes(out.data, out.len, "2026-01-01", "2030-01-01");
    assert_no_problems(all);
    assert_string_equal(text_of(nth(all, "calendar", 0), "name"), "Garage");
    assert_starts(all, "instant", "2026-07-01T09:00:00Z 2027-08-05T09:00:00Z 2028-09-08T09:00:00Z");
    buf_close(&out);
}

/* ---- read by others ---- */

static FILE *start_checker(void)
{
    char command[1024];
    int folder = (int)(strrchr(__FILE__, '/') - __FILE__);

    snprintf(command, sizeof(command), "/usr/bin/python3 -B %.*s/write_check.py >&2", folder,
             __FILE__);
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

static void tell_case(FILE *f, enum ical_method method, const struct ical_out_event *e,
                      const char *start, const char *end)
{
    static const char *const methods[] = {"PUBLISH", "REQUEST", "CANCEL"};
    char mail[256], number[16];
    struct buf out;

    write_one(&out, method, e);
    tell(f, "calendar", out.data);
    tell(f, "method", methods[method]);
    tell(f, "uid", e->uid);
    snprintf(number, sizeof(number), "%d", e->sequence);
    tell(f, "sequence", number);
    tell(f, "status", method == ICAL_CANCEL ? "CANCELLED" : "CONFIRMED");
    tell(f, "summary", e->summary);
    tell(f, "description", e->description);
    tell(f, "location", e->location);
    snprintf(mail, sizeof(mail), "mailto:%s", e->organizer.email);
    tell(f, "organizer", mail);
    tell(f, "attendees", method == ICAL_PUBLISH ? "0" : "1");
    snprintf(mail, sizeof(mail), "mailto:%s", e->attendee.email);
    if (method != ICAL_PUBLISH) {
        tell(f, "attendee", mail);
        tell(f, "attendee_name", e->attendee.name);
    }
    tell(f, "starts", start);
    tell(f, "ends", end);
    fputs("end\n", f);
    buf_close(&out);
}

static void other_programs_read_what_was_meant(void **state)
{
    static const char *const zones[] = {"Europe/Riga",       "Asia/Almaty",
                                        "America/New_York",  "Australia/Lord_Howe",
                                        "Africa/Casablanca", "UTC"};
    struct ical_out_event e = visit();
    FILE *f = start_checker();

    e.description = "A long text, with commas; semicolons\\ and\nlines, and ā long word: "
                    "Pāvilosta Pāvilosta Pāvilosta Pāvilosta Pāvilosta Pāvilosta Pāvilosta";
    e.location = "Brīvības iela 1, Rīga";
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        e.zone = zone_get(zones[i]);
        for (int method = ICAL_PUBLISH; method <= ICAL_CANCEL; method++)
            tell_case(f, (enum ical_method)method, &e, "2026-12-08T09:00:00Z",
                      "2026-12-08T10:00:00Z");
    }
    e.summary = "\xf0\x9f\x9a\x97 \xd2\x9a\xd0\xb0\xd0\xb1\xd1\x8b\xd0\xbb\xd0\xb4\xd0\xb0\xd1\x83";
    e.attendee.name = "Ozola, Anna; \xc4\x80";
    e.end_ms = 0;
    tell_case(f, ICAL_REQUEST, &e, "2026-12-08T09:00:00Z", NULL);
    e.all_day = true;
    e.first_day = day_of("2026-12-08");
    e.behind_day = day_of("2026-12-10");
    tell_case(f, ICAL_REQUEST, &e, "2026-12-08", "2026-12-10");
    int status = pclose(f);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void our_own_reader_reads_what_was_meant(void **state)
{
    struct ical_out_event e = visit();
    struct buf out;

    e.start_ms = SUMMER_MS;
    e.end_ms = SUMMER_MS + HOUR_MS;
    e.attendee.name = "Anna \"Ann\" Ozola^, \xc4\x80";
    write_one(&out, ICAL_CANCEL, &e);
    json_t *all = read_bytes(out.data, out.len, "2026-01-01", "2027-01-01");
    const json_t *event = nth(all, "event", 0);
    const json_t *who = json_array_get(json_object_get(event, "attendees"), 0);
    assert_no_problems(all);
    assert_string_equal(text_of(nth(all, "calendar", 0), "method"), "CANCEL");
    assert_string_equal(text_of(event, "uid"), e.uid);
    assert_string_equal(text_of(event, "status"), "CANCELLED");
    assert_string_equal(text_of(json_object_get(event, "start"), "local"), "2026-07-01T12:00:00");
    assert_string_equal(text_of(who, "name"), e.attendee.name);
    assert_string_equal(text_of(who, "email"), "anna@example.org");
    assert_starts(all, "instant", "2026-07-01T09:00:00Z");
    buf_close(&out);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invitation_is_written_like_this),
        cmocka_unit_test(a_fold_comes_after_75_bytes_and_never_in_a_character),
        cmocka_unit_test(no_value_can_write_a_line_of_its_own),
        cmocka_unit_test(a_feed_names_no_client),
        cmocka_unit_test(piece_by_piece_it_is_the_same_text),
        cmocka_unit_test(a_written_zone_shows_what_the_zone_shows),
        cmocka_unit_test(changes_on_one_kind_of_day_are_a_rule),
        cmocka_unit_test(a_zone_of_several_events_is_written_once),
        cmocka_unit_test(other_programs_read_what_was_meant),
        cmocka_unit_test(our_own_reader_reads_what_was_meant),
    };

    if (ical_is_child(argc, argv))
        return ical_child(argc, argv);
    return cmocka_run_group_tests_name("ical/write", tests, NULL, NULL);
}
