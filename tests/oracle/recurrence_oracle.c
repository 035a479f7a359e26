/*
 * The driver of recurrence_oracle.py: expands what it is given as ical/ does in its child.
 *
 * In: a line "FROM TO BYTES" (day numbers, TO excluded) and so many bytes of a calendar, again and
 * again. Out: for each occurrence its start, an instant ("...Z") where one is known, else what the
 * calendar says; "!" and the problems there were; then "." on a line of its own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "ical/parse.h"

static void print_problems(const json_t *o)
{
    size_t i;
    json_t *problem;

    json_array_foreach(json_object_get(o, "problems"), i, problem)
        printf("! %s\n", json_string_value(problem));
}

static void emit(void *arg, const char *kind, json_t *o)
{
    const json_t *start = json_object_get(o, "start");
    const char *text = json_string_value(json_object_get(start, "instant"));

    (void)arg;
    if (text == NULL)
        text = json_string_value(json_object_get(start, "local"));
    if (text == NULL)
        text = json_string_value(json_object_get(start, "date"));
    if (kind[0] == 'o')
        printf("%s\n", text);
    else
        print_problems(o);
    json_decref(o);
}

int main(void)
{
    long long from, to;
    size_t len;

    while (scanf("%lld %lld %zu", &from, &to, &len) == 3 && getchar() == '\n') {
        struct ical_request request = {from, to, NULL};
        struct err err = {""};
        char *bytes = mem_alloc(len);
        if (fread(bytes, 1, len, stdin) != len)
            return 1;
        if (parse_calendars(bytes, len, &request, emit, NULL, &err) != 0)
            printf("! %s\n", err.text);
        puts(".");
        free(bytes);
    }
    return feof(stdin) ? 0 : 1;
}
