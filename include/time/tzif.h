/*
 * The bytes of a zone file: TZif, versions 1 to 4 (RFC 8536 and RFC 9636), and the POSIX rule of
 * its footer ("EET-2EEST,M3.5.0/3,M10.5.0/4"). Only what clocks show is kept: offsets, not
 * abbreviations. For zone.c, which is what everybody else uses.
 */
#ifndef TIME_TZIF_H
#define TIME_TZIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From `at_s` (seconds since the epoch) on, clocks are `offset_s` seconds east of UTC. */
struct tzif_change {
    int64_t at_s;
    int offset_s;
};

/* A day of every year and a time on it, as POSIX writes it. */
struct tzif_date {
    enum { TZIF_JULIAN, TZIF_ZERO_BASED, TZIF_WEEKDAY } form;
    int day;    /* Jn: 1 .. 365, never 29 February; n: 0 .. 365; M: the weekday, 0 = Sunday */
    int month;  /* M only, 1 .. 12 */
    int week;   /* M only, 1 .. 5; 5 is the last */
    int time_s; /* after that day's 00:00, up to 167 hours either way */
};

struct tzif_rule {
    int standard_s; /* seconds east of UTC */
    bool has_saving;
    int saving_s; /* the offset while saving lasts; less than standard_s in Dublin's winter */
    struct tzif_date start, end;
};

struct tzif {
    int first_offset_s;          /* before the first change */
    struct tzif_change *changes; /* ascending; owned */
    size_t change_count;
    bool has_rule; /* what holds after the last change; otherwise its offset stays */
    struct tzif_rule rule;
};

/* Read the file's bytes. False, with nothing to free, when they are damaged, cut short, or count
 * leap seconds (the "right/" files: their instants are not ours). Free with tzif_close. */
bool tzif_parse(const void *data, size_t len, struct tzif *out);
void tzif_close(struct tzif *t);

/* Read the rule s[0..len); all of it has to be one. A rule that saves daylight has to say when. */
bool tzif_parse_rule(const char *s, size_t len, struct tzif_rule *out);

/* The two changes that a rule with saving makes in `year` (1 or later), in the order in which they
 * come. */
void tzif_rule_year(const struct tzif_rule *rule, int year, struct tzif_change out[2]);

#endif
