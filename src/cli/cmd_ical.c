/* betimes ical: what is in somebody's calendar. It needs no configuration and no database. */
#include "base/str.h"
#include "cli/all.h"
#include "ical/command.h"

static const struct option_spec ical_options[] = {
    {"from", 0, "DATE", "the first day, like 2026-12-08 (today)"},
    {"to", 0, "DATE", "the last day (a year later)"},
    {"zone", 0, "ZONE", "whose days, like Europe/Riga (UTC)"},
};

static int run_ical(const struct call *call)
{
    struct ical_command c = {
        .path = call_word(call, 0),
        .from = option_value(&call->options, "from"),
        .to = option_value(&call->options, "to"),
        .zone = option_value(&call->options, "zone"),
        .json = call->json,
    };
    struct err err = {""};
    int rc = ical_command_run(&c, &err);

    return rc == 0 ? EXIT_DONE : command_error(rc, "%s", err.text);
}

const struct command command_ical = {
    .name = "ical",
    .words = "FILE",
    .words_min = 1,
    .words_max = 1,
    .help = "What is in a calendar file, and when",
    .more = "Reads an iCalendar file (- is standard input) and lists what happens on which\n"
            "day: recurrences, with what was moved or cancelled in them, on the clocks of\n"
            "their zones. What could not be read, or has to be guessed, is told below. The\n"
            "file is read in a process of its own, with limits on time and memory.\n",
    .options = ical_options,
    .option_count = COUNT_OF(ical_options),
    .reads = true,
    .run = run_ical,
};
