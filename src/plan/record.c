/* The records and the words for their fixed sets. See plan/record.h. */
#include "plan/record.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const channels[] = {"email", "sms", "task"};
static const char *const purposes[] = {"service", "marketing", "survey", "internal"};

const char *channel_name(enum channel c)
{
    return (unsigned)c < CHANNEL_COUNT ? channels[c] : NULL;
}

bool channel_from(const char *name, enum channel *out)
{
    for (int i = 0; i < CHANNEL_COUNT; i++)
        if (name != NULL && strcmp(name, channels[i]) == 0) {
            *out = (enum channel)i;
            return true;
        }
    return false;
}

const char *purpose_name(enum purpose p)
{
    return (unsigned)p < PURPOSE_COUNT ? purposes[p] : NULL;
}

bool purpose_from(const char *name, enum purpose *out)
{
    for (int i = 0; i < PURPOSE_COUNT; i++)
        if (name != NULL && strcmp(name, purposes[i]) == 0) {
            *out = (enum purpose)i;
            return true;
        }
    return false;
}

static void free_all(char **strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(strings[i]);
}

#define FREE_ALL(...)                                                                              \
    do {                                                                                           \
        char *strings[] = {__VA_ARGS__};                                                           \
        free_all(strings, sizeof(strings) / sizeof(strings[0]));                                   \
    } while (0)

void client_close(struct client *c)
{
    FREE_ALL(c->ref, c->name, c->email, c->phone, c->language, c->timezone, c->channel, c->tags,
             c->fields);
    *c = (struct client){0};
}

void staff_close(struct staff *s)
{
    FREE_ALL(s->ref, s->name, s->email, s->phone, s->department, s->language, s->timezone);
    *s = (struct staff){0};
}

void job_close(struct job *j)
{
    FREE_ALL(j->ref, j->workflow, j->stage, j->title, j->due, j->amount, j->currency, j->fields);
    *j = (struct job){0};
}

void appointment_close(struct appointment *a)
{
    FREE_ALL(a->ref, a->title, a->location, a->starts, a->ends, a->timezone, a->status, a->uid,
             a->fields);
    *a = (struct appointment){0};
}

void answer_close(struct answer *a)
{
    FREE_ALL(a->ref, a->channel, a->text, a->score, a->at);
    *a = (struct answer){0};
}
