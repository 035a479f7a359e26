/* What commands open. See cli/session.h. */
#include "cli/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "playbook/ini.h"
#include "store/rules.h"
#include "store/zones.h"
#include "time/moment.h"

/* As playbook/settings.c has it. */
#define INSTALLED_DIR "/etc/betimes"
#define INSTALLED_DATABASE "/var/lib/betimes/betimes.db"

static void print_problems(const struct problems *p)
{
    for (size_t i = 0; i < p->count; i++) {
        char *line = problem_format(&p->items[i]);
        fprintf(stderr, "%s\n", line);
        free(line);
    }
}

static char *database_path(const char *dir, const struct ini *ini)
{
    const char *written = ini_get(ini_section(ini, "database", ""), "path");

    if (!str_blank(written))
        return fs_join(dir, written);
    return strcmp(dir, INSTALLED_DIR) == 0 ? mem_strdup(INSTALLED_DATABASE)
                                           : fs_join(dir, "betimes.db");
}

static char *page_url(const struct ini *ini)
{
    const char *written = ini_get(ini_section(ini, "web", ""), "url");
    size_t len = written != NULL ? strlen(written) : 0;

    while (len > 0 && written[len - 1] == '/')
        len--;
    return len > 0 ? mem_strndup(written, len) : NULL;
}

int session_find(const struct call *call, struct session *out)
{
    struct problems problems = {0};
    int status = EXIT_DONE;

    *out = (struct session){.zone = zone_utc(), .zone_from = ZONE_UNKNOWN};
    char *dir = realpath(call->dir, NULL);
    if (dir == NULL)
        return command_error(ERR_NOTFOUND, "%s: %s", call->dir,
                             errno == ENOENT ? "there is no such folder; `betimes init -c DIR` "
                                               "makes one"
                                             : strerror(errno));
    char *path = fs_join(dir, "betimes.conf");
    struct ini *ini = fs_exists(path) ? ini_read(path, &problems) : NULL;
    if (ini != NULL) {
        const char *zone = ini_get(ini_section(ini, "business", ""), "timezone");
        if (zone != NULL && zone_get(zone) != NULL) {
            out->zone = zone_get(zone);
            out->zone_from = ZONE_WRITTEN;
        }
        out->database = database_path(dir, ini);
        out->url = page_url(ini);
    } else if (problems.count > 0) {
        print_problems(&problems);
        status = EXIT_ASKED;
    } else {
        status = command_error(ERR_NOTFOUND,
                               "%s: there is no betimes.conf; give its folder with -c DIR, or make "
                               "one with `betimes init -c DIR`",
                               call->dir);
    }
    ini_free(ini);
    problems_close(&problems);
    free(path);
    free(dir);
    return status;
}

/* What betimes.conf does not say, or says wrong, the service knew once. */
static void remember_zone(struct session *s)
{
    char *name = NULL;

    if (s->zone_from == ZONE_UNKNOWN && store_zone_business(s->store, &name) == 0 && name != NULL &&
        zone_get(name) != NULL) {
        s->zone = zone_get(name);
        s->zone_from = ZONE_REMEMBERED;
    }
    free(name);
}

int session_open(const struct call *call, enum store_mode mode, struct session *out)
{
    struct err err = {""};
    int status = session_find(call, out);

    if (status != EXIT_DONE)
        return status;
    int rc = store_open(out->database, mode, &out->store, &err);
    if (rc != 0) {
        command_error(rc, "%s%s", err.text,
                      rc == ERR_BUSY ? "; another program holds it, try again in a moment" : "");
        return EXIT_FAILED; /* a database that is not there is in the way, whatever was asked */
    }
    store_set_patience(out->store, SESSION_WAIT_MS);
    remember_zone(out);
    return EXIT_DONE;
}

void session_close(struct session *s)
{
    store_close(s->store);
    free(s->database);
    free(s->url);
    *s = (struct session){0};
}

enum service_life session_service(const struct session *s, struct service_holders *holders)
{
    struct service_holders found;
    int rc = lock_holders(s->database, found.items, &found.count);

    if (holders != NULL)
        *holders = found;
    if (rc == ERR_READONLY)
        return SERVICE_HIDDEN;
    return found.count > 0 && found.items[0].works ? SERVICE_RUNS : SERVICE_STOPPED;
}

int session_failed(const struct session *s, int rc, const char *what)
{
    if (rc == ERR_CORRUPT)
        command_error(rc,
                      "%s: %s is damaged (%s). Nothing is planned or sent from it, and nothing in "
                      "it is changed. Put a backup in its place: what has gone out since is known "
                      "from the send ledger",
                      what, s->database, store_error(s->store));
    else if (rc == ERR_BUSY)
        command_error(rc,
                      "%s: another program is writing into the database and does not finish; "
                      "try again in a moment",
                      what);
    else
        command_error(rc, "%s: %s: %s", what, s->database, store_error(s->store));
    return EXIT_FAILED;
}

int session_row(const struct session *s, enum entity_kind kind, const char *text, int64_t *row_id)
{
    static const char *const names[] = {
        [ENTITY_CLIENT] = "client", [ENTITY_STAFF] = "member of staff",
        [ENTITY_JOB] = "job",       [ENTITY_APPOINTMENT] = "appointment",
        [ENTITY_ANSWER] = "answer",
    };
    int rc = store_find(s->store, kind, text, row_id);

    if (rc == 0)
        return EXIT_DONE;
    if (rc != ERR_NOTFOUND)
        return session_failed(s, rc, "look it up");
    char *near = store_find_near(s->store, kind, text);
    if (near != NULL)
        command_error(rc, "no %s has the ref or id `%s`; did you mean `%s`?", names[kind], text,
                      near);
    else
        command_error(rc, "no %s has the ref or id `%s`", names[kind], text);
    free(near);
    return EXIT_ASKED;
}

/* How many mistakes there are, after printing them. */
static size_t load(const struct call *call, const char *playbook, struct config *out)
{
    const struct config_instead instead = {.playbook = playbook};
    struct problems problems = {0};
    int rc = config_load(call->dir, &instead, &problems, out);
    size_t count = problems.errors;

    if (rc != 0)
        print_problems(&problems);
    problems_close(&problems);
    return rc != 0 ? count : 0;
}

/* Unlike the files of the configuration, it was named by hand: from where is worth a word. */
static int no_playbook(const char *path)
{
    char *here = path[0] != '/' ? realpath(".", NULL) : NULL;
    int status = here != NULL ? command_error(ERR_NOTFOUND,
                                              "%s: there is no such file in the present folder, %s",
                                              path, here)
                              : command_error(ERR_NOTFOUND, "%s: there is no such file", path);

    free(here);
    return status;
}

int session_config(const struct call *call, const char *playbook, struct config *out)
{
    char mistakes[STR_COUNTED_MAX];

    *out = (struct config){0};
    if (playbook != NULL && !fs_exists(playbook))
        return no_playbook(playbook);
    size_t count = load(call, playbook, out);
    if (count == 0)
        return EXIT_DONE;
    str_counted((int64_t)count, "mistake", mistakes);
    return command_error(ERR_INVALID,
                         "the files have %s, told above: mend %s first. A service that runs goes "
                         "on by what was right before",
                         mistakes, count == 1 ? "it" : "them");
}

size_t session_config_if_right(const struct call *call, struct config *out)
{
    return load(call, NULL, out);
}

int session_time(const struct call *call, const char *option, const struct zone *zone,
                 int64_t fallback_ms, int64_t *out_ms)
{
    const char *text = option_value(&call->options, option);
    struct err err = {""};
    struct moment m;

    *out_ms = fallback_ms;
    if (text == NULL)
        return EXIT_DONE;
    if (moment_parse(text, &m, &err) != 0)
        return command_misused(call, "--%s: %s", option, err.text);
    *out_ms = moment_instant(&m, zone);
    return EXIT_DONE;
}

int session_rule(const struct config *c, const char *name, const struct rule **out)
{
    const struct playbook *p = c->playbook;
    const char **names = mem_array(p->rule_count + 1, sizeof(*names));
    int status = EXIT_DONE;

    *out = playbook_rule(p, name);
    for (size_t i = 0; i < p->rule_count; i++)
        names[i] = p->rules[i].name;
    if (*out == NULL) {
        const char *near = str_nearest(name, names, p->rule_count);
        status = near != NULL ? command_error(ERR_NOTFOUND,
                                              "the playbook has no rule `%s`; did you mean `%s`?",
                                              name, near)
                              : command_error(ERR_NOTFOUND, "the playbook has no rule `%s`", name);
    }
    free(names);
    return status;
}

int session_no_calendar(const struct settings *s, const char *name)
{
    const char **names = mem_array(s->calendar_count + 1, sizeof(*names));

    for (size_t i = 0; i < s->calendar_count; i++)
        names[i] = s->calendars[i].name;
    const char *near = str_nearest(name, names, s->calendar_count);
    int status =
        near != NULL
            ? command_error(ERR_NOTFOUND, "betimes.conf has no `[calendar %s]`; did you mean `%s`?",
                            name, near)
            : command_error(ERR_NOTFOUND, "betimes.conf has no `[calendar %s]`", name);
    free(names);
    return status;
}
