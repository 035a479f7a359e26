/*
 * The child's side of reading a calendar: confine ourselves, read standard input to its end, write
 * lines of JSON, the last of them {"end": true}. Exit status 0; 1 with one line {"error": "..."}
 * when the bytes are refused; 2 when memory is over (base/mem.h, and jansson through it).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "ical/child.h"
#include "ical/parse.h"
#include "ical/read.h"
#include "time/civil.h"

#define READ_BYTES ((size_t)65536)

static void emit(void *arg, const char *kind, json_t *object)
{
    json_t *line = json_object();

    json_object_set_new(line, kind, object);
    json_dumpf(line, arg, JSON_COMPACT);
    putc('\n', arg);
    json_decref(line);
}

static int refuse(const char *why)
{
    emit(stdout, "error", json_string(why));
    fflush(stdout);
    return 1;
}

int child_read_input(struct buf *in, struct err *err)
{
    for (;;) {
        buf_reserve(in, READ_BYTES);
        ssize_t n = read(STDIN_FILENO, in->data + in->len, READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, errno, "standard input");
        if (n == 0)
            return 0;
        in->len += (size_t)n;
        if (in->len > ICAL_BYTES_MAX) {
            err_set(err, "larger than %zu bytes", ICAL_BYTES_MAX);
            return ERR_LIMIT;
        }
    }
}

bool ical_is_child(int argc, char **argv)
{
    return (argc == CHILD_ARGS && strcmp(argv[1], CHILD_WORD) == 0) ||
           (argc == CHILD_EDIT_ARGS && strcmp(argv[1], CHILD_EDIT_WORD) == 0);
}

static int read_calendars(char **argv, const struct buf *in, struct err *err)
{
    struct ical_request request = {.zone = argv[4]};

    if (!str_to_int(argv[2], CIVIL_DAY_MIN, CIVIL_DAY_MAX, &request.from_day) ||
        !str_to_int(argv[3], CIVIL_DAY_MIN, CIVIL_DAY_MAX, &request.to_day)) {
        err_set(err, "days that are none"); /* nobody but ical_child_argv starts us */
        return ERR_INVALID;
    }
    return parse_calendars(in->data, in->len, &request, emit, stdout, err);
}

static int edit_object(const struct buf *in, struct err *err)
{
    struct buf out;

    buf_init(&out);
    int rc = child_edit(in, &out, err);
    if (rc == 0)
        fwrite(out.data, 1, out.len, stdout);
    buf_close(&out);
    return rc;
}

int ical_child(int argc, char **argv)
{
    struct err err = {""};
    struct process_limits limits;
    struct buf in;
    static char out[1 << 16];

    json_set_alloc_funcs(mem_alloc, free);
    setvbuf(stdout, out, _IOFBF, sizeof(out));
    ical_limits(&limits);
    if (process_confine(&limits, &err) != 0)
        return refuse(err.text);
    buf_init(&in);
    int rc = child_read_input(&in, &err);
    if (rc == 0)
        rc = argc == CHILD_ARGS ? read_calendars(argv, &in, &err) : edit_object(&in, &err);
    buf_close(&in);
    if (rc != 0)
        return refuse(err.text);
    emit(stdout, "end", json_true());
    return fflush(stdout) == 0 ? 0 : 3;
}
