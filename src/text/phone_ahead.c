/*
 * Phone numbers read ahead. See text/phone_ahead.h.
 *
 * A ring of places, and three counts that only rise, each ahead of the next:
 *
 *     given (by the owner)  >=  read (by the thread)  >=  taken (by the owner)
 *
 * Places between given and read are the thread's, all others the owner's; the counts that both look
 * at are behind the lock. The thread sleeps when it has read all, and is woken when a good many
 * wait, or by the next one who comes to take: to wake it for each would cost the owner more than
 * the reading saves. Where no thread can be had nothing is read, and the owner ends it the same
 * way.
 */
#include "text/phone_ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/thread.h"

#define WAKE 64 /* numbers, for which the thread is started or woken */

struct place {
    char written[PHONE_MEMO_WRITTEN_MAX];
    char e164[PHONE_MAX]; /* "": it is no good number */
};

struct phone_ahead {
    char *country;
    pthread_t thread;
    bool threaded;
    size_t given_before; /* the last time that somebody took */
    size_t taken;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t given, read;
    bool ending;

    struct place places[PHONE_AHEAD_MAX];
};

static void *ahead_main(void *arg)
{
    struct phone_ahead *a = arg;

    pthread_mutex_lock(&a->lock);
    while (!a->ending) {
        if (a->read == a->given) {
            pthread_cond_wait(&a->changed, &a->lock);
            continue;
        }
        struct place *p = &a->places[a->read % PHONE_AHEAD_MAX];
        pthread_mutex_unlock(&a->lock);
        phone_e164(p->written, a->country, p->e164, NULL);
        pthread_mutex_lock(&a->lock);
        a->read++;
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

static struct phone_ahead *create(const char *country)
{
    struct phone_ahead *a = mem_alloc(sizeof(*a)); /* places are touched when they are needed */

    memset(a, 0, offsetof(struct phone_ahead, places));
    a->country = mem_strdup(country);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    return a;
}

static void wake(struct phone_ahead *a)
{
    if (!a->threaded)
        a->threaded = thread_start(&a->thread, ahead_main, a, "a reader of numbers", NULL) == 0;
    else
        pthread_cond_signal(&a->changed);
}

void phone_ahead_give(struct phone_ahead **ahead, const struct phone_memo *memo,
                      const char *written, const char *country)
{
    if (written == NULL || !phone_memo_wants(memo, written, country))
        return;
    if (*ahead == NULL)
        *ahead = create(country);
    struct phone_ahead *a = *ahead;
    if (!str_eq(a->country, country) || a->given - a->taken == PHONE_AHEAD_MAX)
        return;
    strcpy(a->places[a->given % PHONE_AHEAD_MAX].written, written);
    pthread_mutex_lock(&a->lock);
    size_t waiting = ++a->given - a->read;
    pthread_mutex_unlock(&a->lock);
    if (waiting == WAKE)
        wake(a);
}

void phone_ahead_take(struct phone_ahead **ahead, struct phone_memo **memo, const char *country)
{
    struct phone_ahead *a = *ahead;

    if (a == NULL)
        return;
    pthread_mutex_lock(&a->lock);
    size_t read = a->read;
    pthread_mutex_unlock(&a->lock);
    for (bool ours = str_eq(a->country, country); a->taken < read; a->taken++) {
        const struct place *p = &a->places[a->taken % PHONE_AHEAD_MAX];
        if (ours && p->e164[0] != '\0')
            phone_memo_put(memo, p->written, country, p->e164);
    }
    if (a->given != a->given_before) {
        a->given_before = a->given;
    } else if (a->taken == a->given || !a->threaded) {
        phone_ahead_free(a);
        *ahead = NULL;
    } else {
        wake(a);
    }
}

void phone_ahead_free(struct phone_ahead *a)
{
    if (a == NULL)
        return;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->ending = true;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    free(a->country);
    free(a);
}
