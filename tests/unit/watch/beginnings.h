/* What the tests of watch/ begin with: a shop with a visit, or with a job. */
#ifndef TESTS_WATCH_BEGINNINGS_H
#define TESTS_WATCH_BEGINNINGS_H

#include "../support/shop.h"

#define VISITS                                                                                     \
    "[rule booked]\non = appointment booked\n"                                                     \
    "[rule moved]\non = appointment moved\n"                                                       \
    "[rule cancelled]\non = appointment cancelled\n"                                               \
    "[rule day-before]\non = appointment starts\nwhen = 1 day before at 18:00\n"                   \
    "[rule soon]\non = appointment starts\nwhen = 2 hours before\nby = sms\n"

#define JOBS SHOP_WORKFLOW "[rule ready]\non = job enters Ready\n"

/* A visit a week ahead, 15:00 in Riga, 13:00 UTC; planned. */
static inline struct shop *booked_shop(void)
{
    struct shop *s = shop_open(VISITS, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO appointment (ref, client_id, starts, title) "
                "VALUES ('a1', 1, '2026-12-08T15:00', 'Service')");
    shop_look(s);
    return s;
}

static inline struct shop *job_shop(const char *playbook, const char *stage)
{
    struct shop *s = shop_open(playbook, "2026-12-01T09:00");

    shop_ilze(s);
    shop_sql(s, "INSERT INTO job (ref, client_id, stage) VALUES ('j1', 1, '%s')", stage);
    shop_look(s);
    return s;
}

/* The job's next stage; looked at. */
static inline void stage(struct shop *s, const char *name)
{
    shop_sql(s, "UPDATE job SET stage = '%s' WHERE ref = 'j1'", name);
    shop_look(s);
}

#endif
