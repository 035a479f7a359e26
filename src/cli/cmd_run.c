/* betimes run: the service, in the foreground. */
#include <stdlib.h>

#include "base/clock.h"
#include "cli/all.h"
#include "cli/session.h"
#include "service/service.h"

static const struct option_spec run_options[] = {
    OPTION_NOW,
    {"speed", 0, "N", "let the clock run N times as fast (1 to 100000)"},
};

#define SPEED_MAX 100000

static int run_run(const struct call *call)
{
    const char *now = option_value(&call->options, "now");
    struct service_options options = {.dir = call->dir, .speed = 1};
    struct err err = {""};
    struct session s;
    int64_t speed;

    if (option_number(&call->options, "speed", 1, SPEED_MAX, 1, &speed, &err) != 0)
        return command_misused(call, "%s", err.text);
    int status = session_find(call, &s);
    if (status == EXIT_DONE)
        status = session_time(call, "now", s.zone, clock_wall_ms(), &options.now_ms);
    session_close(&s);
    if (status != EXIT_DONE)
        return status;
    options.has_now = now != NULL || speed > 1;
    options.speed = (double)speed;
    return service_run(&options);
}

const struct command command_run = {
    .name = "run",
    .words = "",
    .help = "Do the work: send what is due, until it is told to stop",
    .more =
        "Stays in the foreground, as service managers like it, and writes its log to standard\n"
        "error. SIGTERM and Ctrl-C end it, SIGHUP or a saved file lets it read its configuration\n"
        "again. With --now or --speed it lives in a time of its own, for trying things out: use\n"
        "a copy of the database, and gateways into a folder.\n",
    .options = run_options,
    .option_count = COUNT_OF(run_options),
    .run = run_run,
};
