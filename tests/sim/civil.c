/*
 * Local times for the judge, by the C library: the project's own zones are what is being judged.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim.h"

#define QUARTER_MS (15 * MINUTE_MS) /* every change of clocks since 1972 falls on one, in UTC */
#define CACHE 4096

const char *const sim_zones[SIM_ZONES] = {
    "Europe/Riga",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Tehran",
    "Pacific/Chatham",
    "UTC",
    "America/Los_Angeles",
    "America/Asuncion",
    "Asia/Almaty",
};

static struct {
    int64_t quarter;
    int offset_s;
    bool known;
} cache[SIM_ZONES][CACHE];

static int offset_s(int zone, int64_t wall_ms)
{
    static int present = -1;
    int64_t quarter = wall_ms / QUARTER_MS;
    int slot = (int)(quarter % CACHE);
    struct tm tm;

    if (cache[zone][slot].known && cache[zone][slot].quarter == quarter)
        return cache[zone][slot].offset_s;
    if (present != zone) {
        setenv("TZ", sim_zones[zone], 1);
        tzset();
        present = zone;
    }
    time_t t = (time_t)(wall_ms / 1000);
    localtime_r(&t, &tm);
    cache[zone][slot].known = true;
    cache[zone][slot].quarter = quarter;
    cache[zone][slot].offset_s = (int)tm.tm_gmtoff;
    return (int)tm.tm_gmtoff;
}

int64_t civil_local(int zone, int64_t wall_ms)
{
    return wall_ms + offset_s(zone, wall_ms) * SECOND_MS;
}

int civil_minute(int zone, int64_t wall_ms)
{
    return (int)(civil_local(zone, wall_ms) / MINUTE_MS % (24 * 60));
}

/* RFC 5545, 3.3.5: a time that comes twice is the first, one in a gap has the offset before it. */
int64_t civil_instant(int zone, int64_t local_ms)
{
    int64_t before = offset_s(zone, local_ms - DAY_MS) * SECOND_MS;
    int64_t after = offset_s(zone, local_ms + DAY_MS) * SECOND_MS;
    int64_t a = local_ms - before, b = local_ms - after;
    bool a_fits = civil_local(zone, a) == local_ms, b_fits = civil_local(zone, b) == local_ms;

    if (a_fits && b_fits)
        return a < b ? a : b;
    return b_fits ? b : a;
}

bool civil_allowed(const struct sim_rule *r, int zone, int64_t wall_ms)
{
    int minute = civil_minute(zone, wall_ms);

    if (r->window == SIM_ANY)
        return true;
    if (r->window == SIM_DAILY)
        return minute >= 9 * 60 && minute < 20 * 60;
    return minute >= S->quiet_to * 60 && minute < S->quiet_from * 60;
}
