/*
 * For the tests of calendar/: a shop (support/shop.h) with two clients, and looks at calendars in a
 * few words, read by a real child. It is the first of December 2026, 09:00 UTC, in Riga.
 */
#ifndef TESTS_CALENDAR_HARNESS_H
#define TESTS_CALENDAR_HARNESS_H

#include "../support/shop.h"

#include "calendar/sync.h"
#include "store/calendars.h"

/* One event: its UID and further lines, each ending with "\n". */
#define EVENT(uid, lines) "BEGIN:VEVENT\nUID:" uid "\n" lines "END:VEVENT\n"
/* One at a time of Riga's, for an hour, and with Anna among its guests. */
#define AT(uid, time, lines)                                                                       \
    EVENT(uid, "DTSTART;TZID=Europe/Riga:" time "\nDURATION:PT1H\nSUMMARY:" uid "\n" lines)
#define ANNA "ATTENDEE:mailto:anna@example.com\n"
#define BORIS "ATTENDEE:mailto:boris@example.com\n"

#define VISITS                                                                                     \
    "SELECT uid, c.ref, starts, status FROM appointment a JOIN client c ON c.id = client_id "      \
    "ORDER BY starts, a.id"

struct look_words {
    struct shop *shop;
    struct sync_business business;
    struct sync_report report;
    struct str_list patterns;
    struct str_list gone; /* uids; with one the look is a part */
    const struct zone *floating;
    bool pass_over, part, dry;
    bool rest; /* with part: there is more of it, which did not change and was not read */
};

static inline struct look_words *words_open(void)
{
    struct look_words *w = mem_zalloc(sizeof(*w));

    w->shop = shop_open("", "2026-12-01T09:00");
    shop_sql(w->shop, "INSERT INTO client (ref, name, email, phone) VALUES "
                      "('anna', 'Anna', 'Anna@example.com', '+371 29 123 456'), "
                      "('boris', 'Boris', 'boris@example.com', '20000002')");
    sync_business_init(&w->business, w->shop->settings);
    return w;
}

static inline void words_close(struct look_words *w)
{
    sync_report_close(&w->report);
    sync_business_close(&w->business);
    str_list_close(&w->patterns);
    str_list_close(&w->gone);
    shop_close(w->shop);
    free(w);
}

static inline int look_bytes(struct look_words *w, const char *bytes, size_t len, struct err *err)
{
    struct sync_job job = {
        .store = w->shop->store,
        .business = &w->business,
        .name = "desk",
        .patterns = &w->patterns,
        .floating = w->floating,
        .pass_over = w->pass_over,
        .whole = !w->part && w->gone.count == 0,
        .part = w->rest,
        .gone = w->gone.count > 0 || w->rest ? &w->gone : NULL,
        .dry = w->dry,
        .now_ms = shop_now_ms,
    };

    sync_report_close(&w->report);
    return bytes != NULL ? sync_look(&job, bytes, len, &w->report, err)
                         : sync_again(&job, &w->report, err);
}

/* A look at a calendar of these components, which must succeed. */
static inline void look_at(struct look_words *w, const char *components)
{
    struct err err = {""};
    struct buf text;

    buf_init(&text);
    buf_puts(&text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n");
    for (const char *p = components; *p != '\0'; p++)
        buf_puts(&text, *p == '\n' ? "\r\n" : (char[]){*p, '\0'});
    buf_puts(&text, "END:VCALENDAR\r\n");
    if (look_bytes(w, text.data, text.len, &err) != 0)
        fail_msg("%s", err.text);
    buf_close(&text);
}

/* Nothing was fetched: what had no client is tried again. */
static inline void look_again(struct look_words *w)
{
    struct err err = {""};

    if (look_bytes(w, NULL, 0, &err) != 0)
        fail_msg("%s", err.text);
}

static inline void assert_visits_at(struct look_words *w, const char *expected, const char *file,
                                    int line)
{
    assert_answer_at(w->shop, VISITS, expected, file, line);
}
#define assert_visits(w, expected) assert_visits_at(w, expected, __FILE__, __LINE__)

/* The open tasks have these words in them, or there are none (""). */
static inline void assert_task(struct look_words *w, const char *words)
{
    char *text = shop_ask(w->shop, "SELECT text FROM task WHERE done_ms IS NULL ORDER BY id");

    if (*words == '\0' ? *text != '\0' : strstr(text, words) == NULL)
        fail_msg("the tasks are: %s\nexpected in them: %s", text, words);
    free(text);
}

#endif
