/*
 * The words of a message that goes: they tell what it is about. All texts of the simulation say it
 * in the same way: R= the rule, A= a visit, T= its start, J= a job, G= its stage, N= an answer, W=
 * what a person wrote, C= the client.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

/* The subject of a mail, unfolded; a text as it is. */
void words_find(const struct sim_exchange *x, const char *data, size_t len, char out[WORDS_MAX])
{
    const char *from = data, *end = data + len;
    size_t n = 0;

    if (x->channel == CHANNEL_EMAIL) {
        from = memmem(data, len, "\r\nSubject: ", 11);
        if (from == NULL)
            sim_fail("a mail without a subject");
        from += 11;
    }
    for (; from < end && n < WORDS_MAX - 1; from++) {
        if (x->channel == CHANNEL_EMAIL && *from == '\r') {
            if (from + 2 < end && (from[2] == ' ' || from[2] == '\t')) {
                from++;
                continue;
            }
            break;
        }
        out[n++] = *from == '\t' || *from == '\n' ? ' ' : *from;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

void words_part(const char *text, const char *key, char *out, size_t size)
{
    const char *at = strstr(text, key);
    size_t n;

    out[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(key);
    n = strcmp(key, "G=") == 0 ? strlen(at) : strcspn(at, " ");
    if (n >= size)
        n = size - 1;
    memcpy(out, at, n);
    out[n] = '\0';
}

static int number(const char *text, const char *key)
{
    char value[40];

    words_part(text, key, value, sizeof(value));
    return value[0] != '\0' ? atoi(value + 1) : -1;
}

/* Of the first text, where several follow one another. */
void words_read(const char *all, struct told *t)
{
    char text[WORDS_MAX];
    const char *next = strstr(all, " R=");

    snprintf(text, sizeof(text), "%.*s", (int)(next != NULL ? (size_t)(next - all) : strlen(all)),
             all);
    words_part(text, "R=", t->rule, sizeof(t->rule));
    words_part(text, "T=", t->starts, sizeof(t->starts));
    words_part(text, "G=", t->stage, sizeof(t->stage));
    t->visit = number(text, "A=");
    t->job = number(text, "J=");
    t->answer = number(text, "N=");
    t->written = number(text, "W=");
    t->client = number(text, "C=");
}
