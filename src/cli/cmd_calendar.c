/* betimes calendar: which calendars lead in and out, and what may be done about them. */
#include <stdio.h>
#include <string.h>

#include "cli/all.h"
#include "cli/calendar.h"
#include "cli/show.h"

/* Without a subcommand: everything there is. */
static int list(const struct calendar_order *o)
{
    if (!o->call->json) {
        int printed = calendar_read_print(o);
        putchar('\n');
        return printed == EXIT_DONE ? calendar_published_print(o) : printed;
    }
    json_t *array = json_array();
    int status = calendar_read_json(o, array);
    if (status == EXIT_DONE)
        status = calendar_published_json(o, array);
    if (status == EXIT_DONE)
        return show_print_json(array);
    json_decref(array);
    return status;
}

static const struct {
    const char *word;
    const char *takes; /* for the sentence that says what is missing */
    size_t words_min, words_max;
    bool writes;
    int (*run)(const struct calendar_order *o);
} subcommands[] = {
    {"list", "", 0, 0, false, list},
    {"accept", "NAME", 1, 1, true, calendar_accept},
    {"sync", "NAME", 1, 1, true, calendar_sync},
    {"publish", "business, or staff REF", 1, 2, true, calendar_publish},
    {"revoke", "ID", 1, 1, true, calendar_revoke},
};

static int run_calendar(const struct call *call)
{
    const char *word = call_word(call, 0) != NULL ? call_word(call, 0) : "list";
    size_t words = call->options.word_count > 1 ? call->options.word_count - 1 : 0, i = 0;
    struct session session = {0};
    struct calendar_order o = {.call = call, .session = &session};

    while (i < COUNT_OF(subcommands) && strcmp(subcommands[i].word, word) != 0)
        i++;
    if (i == COUNT_OF(subcommands))
        return command_misused(call, "`%s` is none of list, accept, sync, publish, revoke", word);
    if (words < subcommands[i].words_min)
        return command_misused(call, "something is missing: betimes calendar %s %s", word,
                               subcommands[i].takes);
    if (words > subcommands[i].words_max)
        return command_misused(call, "`%s` is one word too many",
                               call_word(call, CALENDAR_WORD + subcommands[i].words_max));
    int status = session_open(call, subcommands[i].writes ? STORE_WRITE : STORE_READ, &session);
    if (status == EXIT_DONE)
        status = subcommands[i].run(&o);
    session_close(&session);
    return status;
}

const struct command command_calendar = {
    .name = "calendar",
    .words = "[list|accept|sync|publish|revoke] [...]",
    .words_max = 3,
    .help = "Calendars: those that are read, and those to subscribe to",
    .more = "list                      which there are, and how they are (also without a word)\n"
            "accept NAME               what one lacks is right: apply it, and cancel what is gone\n"
            "sync NAME                 have the service look at one now\n"
            "publish business          a link to a calendar with everybody's appointments\n"
            "publish staff REF         a link to one with the appointments of one member of staff\n"
            "revoke ID                 its link leads nowhere from now on\n"
            "\n"
            "Whoever has a link sees the appointments, with the clients' names and telephone\n"
            "numbers, in their own calendar program. It is shown once, and kept as a hash\n"
            "alone: if it was lost, publish another one. That of a member of staff ends when\n"
            "they are no longer active.\n",
    .reads = true,
    .run = run_calendar,
};
