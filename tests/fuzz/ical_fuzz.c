/*
 * Any bytes as a calendar, read as a child of ical/read reads them: no crash, no leak, no endless
 * work, and every refusal comes with an error. What is accepted comes out as JSON that can be
 * written and read again, its occurrences in order.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/ical/parse.h"

#define FROM_DAY 18262 /* 2020-01-01 */
#define TO_DAY 20454   /* 2026-01-01 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    size_t calendars, events, occurrences;
};

static void check_time(const json_t *when)
{
    if (when == NULL || json_is_null(when)) /* a calendar has none */
        return;
    const char *date = json_string_value(json_object_get(when, "date"));
    const char *local = json_string_value(json_object_get(when, "local"));
    assert((date != NULL && strlen(date) == 10) || (local != NULL && strlen(local) == 19));
}

static void emit(void *arg, const char *kind, json_t *object)
{
    struct seen *seen = arg;
    char *text = json_dumps(object, JSON_COMPACT);
    json_t *again = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

    assert(again != NULL && json_equal(again, object));
    if (strcmp(kind, "calendar") == 0) {
        seen->calendars++;
    } else if (strcmp(kind, "event") == 0) {
        assert(json_integer_value(json_object_get(object, "index")) == (json_int_t)seen->events);
        seen->events++;
    } else {
        json_int_t event = json_integer_value(json_object_get(object, "event"));
        assert(event >= 0 && (size_t)event < seen->events);
        assert(!json_is_null(json_object_get(object, "start")));
        seen->occurrences++;
    }
    check_time(json_object_get(object, "start"));
    check_time(json_object_get(object, "end"));
    check_time(json_object_get(object, "recurrence_id"));
    json_decref(again);
    json_decref(object);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ical_request request = {FROM_DAY, TO_DAY, "Europe/Riga"};
    struct seen seen = {0};
    struct err err = {""};
    int rc = parse_calendars(data, size, &request, emit, &seen, &err);

    assert((rc == 0) == (err.text[0] == '\0'));
    assert((rc == 0) == (seen.calendars > 0));
    return 0;
}
