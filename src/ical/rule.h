/*
 * Recurrence rules (RFC 5545, 3.3.10) as sets of bits. A rule is understood whole or refused: with
 * a part left out it would mean other days.
 */
#ifndef ICAL_RULE_H
#define ICAL_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ical/value.h"

enum rule_freq {
    RULE_SECONDLY,
    RULE_MINUTELY,
    RULE_HOURLY,
    RULE_DAILY,
    RULE_WEEKLY,
    RULE_MONTHLY,
    RULE_YEARLY
};

#define RULE_COUNT_MAX 1000000
#define RULE_INTERVAL_MAX 1000000

/* The numbers 1 to 366, from the beginning and, negative, from the end. */
#define RULE_SET_MAX 366
struct rule_set {
    uint64_t ahead[RULE_SET_MAX / 64 + 1], back[RULE_SET_MAX / 64 + 1];
    bool any;
};

struct rule {
    enum rule_freq freq;
    int64_t interval;                 /* 1 .. RULE_INTERVAL_MAX */
    int64_t count;                    /* 0: no COUNT */
    struct value_time until;          /* VALUE_NONE: no UNTIL */
    uint64_t months;                  /* bits 1 .. 12; 0: any */
    uint64_t hours, minutes, seconds; /* bits from 0; 0: none given */
    unsigned weekdays;                /* BYDAY without a number: bits 0 = Sunday .. 6 */
    struct rule_set nth[7];           /* BYDAY with one */
    bool by_day, by_nth;              /* BYDAY was given; with a number */
    struct rule_set month_days, year_days, weeks, positions;
    int week_start; /* 0 = Sunday .. 6 */
};

/* Read a rule. ERR_INVALID with a sentence. */
int rule_parse(const char *s, struct rule *out, struct err *err);

/* Is n, the n-th of `total` (both from 1), in the set? */
bool rule_set_has(const struct rule_set *s, int n, int total);

#endif
